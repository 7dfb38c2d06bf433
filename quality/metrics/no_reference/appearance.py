"""Faults that need no reference: frozen and black frames, blur, blocks, drift."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Levels = NDArray[Any]
Plane = NDArray[np.float32]

FROZEN_LEVELS = 0.25  # mean change of luma below which nothing moved: FFmpeg's freezedetect, -60 dB
BLACK_SHARE, BLACK_LEVEL = 0.98, 0.1  # FFmpeg's blackdetect: of the pixels, of the luma range
BLUR_TAPS = 11
BLOCK = 8
END_SHARE = 0.1  # of the frames at either end, that drift is taken between


def is_frozen(before: Plane, luma: Plane) -> float:
    """1 if a frame repeats the one before it, else 0; luma in 8-bit code values."""
    return float(np.abs(luma - before).mean() < FROZEN_LEVELS)


def is_black(luma: Levels, *, floor: float, peak: float) -> float:
    """1 if nearly all of a frame is black, else 0; luma is from ``floor`` to ``peak`` above."""
    return float((luma < floor + BLACK_LEVEL * peak).mean() >= BLACK_SHARE)


def blur(luma: Plane) -> float | None:
    """Blur of a luma plane (H, W): 0 is sharp, 1 blurred beyond recognition.

    Crété-Roffet et al. (SPIE 6492, 2007): blurring a sharp picture again removes much of the
    difference between neighbouring pixels, blurring a blurred one removes little. The value is
    that of the direction (rows or columns) that keeps more. None for a frame without any
    difference in one of the directions.
    """
    down, across = retained_edge_share(luma), retained_edge_share(np.ascontiguousarray(luma.T))
    return None if down is None or across is None else max(down, across)


def retained_edge_share(luma: Plane) -> float | None:
    kernel = np.full((BLUR_TAPS, 1), 1.0 / BLUR_TAPS, np.float32)
    again = cv2.filter2D(luma, cv2.CV_32F, kernel, borderType=cv2.BORDER_REFLECT)
    # Differences by Sobel's operator, a pixel inside the frame.
    edges = np.abs(cv2.Sobel(luma, cv2.CV_32F, 0, 1, ksize=3))[2:-1, 2:-1]
    edges_again = np.abs(cv2.Sobel(again, cv2.CV_32F, 0, 1, ksize=3))[2:-1, 2:-1]
    total = float(edges.sum(dtype=np.float64))
    if not total:
        return None
    lost = float(np.maximum(0, edges - edges_again).sum(dtype=np.float64))
    return (total - lost) / total


def blockiness(luma: Levels) -> float | None:
    """Blocking of a luma plane (H, W): 1 is none, larger values are visible 8 by 8 blocks.

    The mean difference of neighbours across block borders divided by that inside blocks, averaged
    over both directions. None for a frame without any difference inside blocks in a direction.
    Raises ValueError for a frame smaller than two blocks.
    """
    across, along = border_ratio(luma), border_ratio(luma.T)
    return None if across is None or along is None else (across + along) / 2.0


def border_ratio(luma: Levels) -> float | None:
    steps = np.abs(np.diff(luma.astype(np.float32), axis=1)).mean(axis=0)
    border = np.arange(1, luma.shape[1]) % BLOCK == 0
    if not border.any():
        raise ValueError(f"frame {luma.shape} has no two blocks of {BLOCK} pixels")
    inside = float(steps[~border].mean())
    return float(steps[border].mean()) / inside if inside else None


def colour_distance(first: NDArray[np.float32], now: NDArray[np.float32]) -> float:
    """The distance of two mean colours (3,) in 0..1 without brightness, in 8-bit code values."""
    moved = (now - first) - (now - first).mean()
    return 255.0 * float(np.sqrt(np.square(moved).sum()))


def drift(values: Sequence[float]) -> float:
    """The absolute change of a value's mean from the first tenth of the frames to the last."""
    size = max(1, round(END_SHARE * len(values)))
    return abs(float(np.mean(values[-size:])) - float(np.mean(values[:size])))
