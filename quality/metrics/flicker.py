"""Flicker against a reference: how much the error of a clip jumps from frame to frame.

With e the clip's 8-bit luma minus the reference's, averaged over 8 by 8 pixel blocks, the value of
a frame is the mean over blocks of |e now - e before|, in 8-bit code values.
Motion that clip and reference share cancels exactly; an alternation of plus and minus one reads 2.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Luma = NDArray[Any]  # uint8 or uint16
Blocks = NDArray[np.float32]

BLOCK = 8


def block_errors(reference: Luma, clip: Luma, *, bits: int = 8) -> Blocks:
    """Mean luma error per block in 8-bit code values, (H // 8, W // 8), of frames of ``bits``.

    A remainder of the frame is left out.

    Raises ValueError for frames of different shape or smaller than one block.
    """
    if reference.shape != clip.shape:
        raise ValueError(f"frames differ in shape: {reference.shape} and {clip.shape}")
    rows, columns = reference.shape[0] // BLOCK, reference.shape[1] // BLOCK
    if not rows or not columns:
        raise ValueError(f"frame {reference.shape} is smaller than a block of {BLOCK} pixels")
    error = np.subtract(clip, reference, dtype=np.int16 if bits == 8 else np.int32)[
        : rows * BLOCK, : columns * BLOCK
    ]
    # Summing over rows first keeps the additions contiguous.
    bands = error.reshape(rows, BLOCK, columns * BLOCK).sum(axis=1, dtype=np.int32)
    sums = bands.reshape(rows, columns, BLOCK).sum(axis=2)
    return np.asarray(sums / (BLOCK * BLOCK << (bits - 8)), np.float32)


def flicker(before: Blocks, now: Blocks) -> float:
    """How much the error moved between two neighbouring frames, in 8-bit code values."""
    return float(np.abs(now - before).mean())
