"""Peak signal-to-noise ratio over luma and chroma together, as FFmpeg's ``psnr`` filter has it."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framegate.telemetry.platform.compiled_loops import compile_loop

Levels = NDArray[Any]  # uint8 or uint16

MAX_DB = 100.0  # the value of equal frames, so that a mean stays finite


def psnr(reference: Sequence[Levels], clip: Sequence[Levels], *, bits: int) -> float:
    """PSNR in dB of two frames, each a sequence of planes (H, W) of ``bits`` bits; at most 100.

    10 log10(peak^2 / MSE), with peak = 2^bits - 1 and the mean squared error over the samples of
    all planes together, as FFmpeg's ``psnr`` filter does. Equal frames have 100 dB, not infinity.
    Raises ValueError for planes of different shape.
    """
    squares, samples = 0, 0
    for first, second in zip(reference, clip, strict=True):
        if first.shape != second.shape:
            raise ValueError(f"planes differ in shape: {first.shape} and {second.shape}")
        squares += squared_error(first, second)
        samples += first.size
    peak = (1 << bits) - 1
    return decibels(squares / samples / peak**2)


@compile_loop
def squared_error(first: Levels, second: Levels) -> int:
    total: Any = 0
    for y in range(first.shape[0]):
        for x in range(first.shape[1]):
            difference = np.int64(first[y, x]) - np.int64(second[y, x])
            total += difference * difference
    return int(total)


def decibels(error: float) -> float:
    """dB of a mean squared error relative to the peak's square."""
    return min(MAX_DB, -10.0 * math.log10(error)) if error else MAX_DB


def psnr_of_clip(values: Sequence[float]) -> float:
    """The PSNR of the mean of the frames' squared errors, as FFmpeg sums a file up."""
    return decibels(math.fsum(10.0 ** (-value / 10.0) for value in values) / len(values))
