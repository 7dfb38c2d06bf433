"""SSIM as FFmpeg's ``ssim`` filter computes it, which most published video figures are.

Flat windows of 8 by 8 pixels at every fourth pixel, sample variance, whole numbers up to the last
division; the mean over the luma and chroma planes is weighted by their size.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemetry.loops import compiled

Levels = NDArray[Any]  # uint8 or uint16
Sums = NDArray[np.int64]

STEP = 4  # pixels; a window is two steps wide and high
WINDOW_PIXELS = (2 * STEP) ** 2


def ssim_ffmpeg(reference: Sequence[Levels], clip: Sequence[Levels], *, bits: int) -> float:
    """SSIM of two frames given as planes (H, W) of the same ``bits``; at most 1.

    Raises ValueError for planes of different shape or too small for one window.
    """
    peak = (1 << bits) - 1
    c1 = int(0.01 * 0.01 * peak * peak * WINDOW_PIXELS + 0.5)
    c2 = int(0.03 * 0.03 * peak * peak * WINDOW_PIXELS * (WINDOW_PIXELS - 1) + 0.5)
    total, pixels = 0.0, 0
    for first, second in zip(reference, clip, strict=True):
        if first.shape != second.shape:
            raise ValueError(f"planes differ in shape: {first.shape} and {second.shape}")
        if min(first.shape) < 2 * STEP:
            raise ValueError(f"plane {first.shape} is smaller than a window of {2 * STEP} pixels")
        total += first.size * plane_ssim(first, second, c1, c2)
        pixels += first.size
    return total / pixels


@compiled
def plane_ssim(first: Levels, second: Levels, c1: int, c2: int) -> float:
    rows, columns = first.shape[0] // STEP, first.shape[1] // STEP
    above, below = np.zeros((columns, 4), np.int64), np.zeros((columns, 4), np.int64)
    block_sums(first, second, 0, above)
    total: float = 0.0
    for row in range(1, rows):
        block_sums(first, second, row, below)
        for column in range(columns - 1):
            window = above[column] + above[column + 1] + below[column] + below[column + 1]
            total += window_ssim(window[0], window[1], window[2], window[3], c1, c2)
        above, below = below, above
    return float(total / ((rows - 1) * (columns - 1)))


@compiled
def block_sums(first: Levels, second: Levels, row: int, out: Sums) -> None:
    """For each block of 4 by 4 in a row of blocks: sums of a, of b, of a² + b², of ab."""
    for column in range(out.shape[0]):
        a_sum: Any = 0
        b_sum: Any = 0
        squares: Any = 0
        products: Any = 0
        for y in range(STEP * row, STEP * row + STEP):
            for x in range(STEP * column, STEP * column + STEP):
                a, b = np.int64(first[y, x]), np.int64(second[y, x])
                a_sum += a
                b_sum += b
                squares += a * a + b * b
                products += a * b
        out[column] = a_sum, b_sum, squares, products


@compiled
def window_ssim(a_sum: int, b_sum: int, squares: int, products: int, c1: int, c2: int) -> float:
    variances = squares * WINDOW_PIXELS - a_sum * a_sum - b_sum * b_sum
    covariance = products * WINDOW_PIXELS - a_sum * b_sum
    level = (2.0 * a_sum * b_sum + c1) / (float(a_sum * a_sum + b_sum * b_sum) + c1)
    return float(level * (2.0 * covariance + c2) / (float(variances) + c2))
