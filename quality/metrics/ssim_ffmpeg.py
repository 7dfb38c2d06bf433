"""SSIM as FFmpeg's ``ssim`` filter computes it, which most published video figures are.

Flat windows of 8 by 8 pixels at every fourth pixel, sample variance, whole numbers up to the last
division; the mean over the luma and chroma planes is weighted by their size.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framegate.telemetry.platform.compiled_loops import (
    compile_fastmath,
    compile_inline,
    compile_loop,
)

Levels = NDArray[Any]  # uint8 or uint16
Lines = NDArray[Any]  # int32 or int64
Blocks = NDArray[np.float64]

STEP = 4  # pixels; a window is two steps wide and high
WINDOW_PIXELS = (2 * STEP) ** 2


def ssim_ffmpeg(reference: Sequence[Levels], clip: Sequence[Levels], *, bits: int) -> float:
    """SSIM of two frames, each a sequence of planes (H, W) of ``bits`` bits; -1 to 1, 1 if equal.

    Comparable with figures that FFmpeg printed, not with ``ssim_rgb`` or ``ssim_luma``.
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


def plane_ssim(first: Levels, second: Levels, c1: int, c2: int) -> float:
    """The mean over one plane's windows."""
    rows, columns = first.shape[0] // STEP, first.shape[1] // STEP
    width = columns * STEP
    wide = np.int32 if first.dtype == np.uint8 else np.int64  # four products of samples fit
    lines = np.empty((4, width), wide)
    blocks = np.empty((2, 4, columns), np.float64)  # whole numbers, far below 2^53
    total = plane_total(first[:, :width], second[:, :width], lines, blocks, rows, c1, c2)
    return float(total / ((rows - 1) * (columns - 1)))


@compile_loop
def plane_total(
    first: Levels, second: Levels, lines: Lines, blocks: Blocks, rows: int, c1: int, c2: int
) -> float:
    block_sums(first, second, 0, lines, blocks[0])
    total: float = 0.0
    for row in range(1, rows):
        above, below = blocks[(row - 1) % 2], blocks[row % 2]
        block_sums(first, second, row, lines, below)
        total += row_total(above, below, c1, c2)
    return total


@compile_loop
def block_sums(first: Levels, second: Levels, row: int, lines: Lines, out: Blocks) -> None:
    """For each block of 4 by 4 in a row of blocks: sums of a, of b, of a² + b², of ab."""
    lines[:] = 0
    for y in range(STEP * row, STEP * row + STEP):
        for x in range(lines.shape[1]):
            a, b = lines.dtype.type(first[y, x]), lines.dtype.type(second[y, x])
            lines[0, x] += a
            lines[1, x] += b
            lines[2, x] += a * a + b * b
            lines[3, x] += a * b
    for of in range(4):
        for column in range(out.shape[1]):
            x = STEP * column
            out[of, column] = lines[of, x] + lines[of, x + 1] + lines[of, x + 2] + lines[of, x + 3]


@compile_fastmath
def row_total(above: Blocks, below: Blocks, c1: float, c2: float) -> float:
    """The sum over the windows between two rows of blocks."""
    total: float = 0.0
    for column in range(above.shape[1] - 1):
        a_sum, b_sum, squares, products = (
            window_sum(above[0], below[0], column),
            window_sum(above[1], below[1], column),
            window_sum(above[2], below[2], column),
            window_sum(above[3], below[3], column),
        )
        variances = squares * WINDOW_PIXELS - a_sum * a_sum - b_sum * b_sum
        covariance = products * WINDOW_PIXELS - a_sum * b_sum
        level = (2.0 * a_sum * b_sum + c1) / (a_sum * a_sum + b_sum * b_sum + c1)
        total += level * (2.0 * covariance + c2) / (variances + c2)
    return total


@compile_inline
def window_sum(above: Any, below: Any, column: int) -> float:
    return float(above[column] + above[column + 1] + below[column] + below[column + 1])
