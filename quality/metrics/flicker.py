"""Flicker against a reference: how much the error of a clip jumps from frame to frame.

With e the clip's 8-bit luma minus the reference's, averaged over 8 by 8 pixel blocks, the value of
a frame is the mean over blocks of |e now - e before|, in 8-bit code values.
Motion that clip and reference share cancels exactly; a clip that alternates between one level
above and one level below its reference has the value 2.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Luma = NDArray[Any]  # uint8 or uint16
Blocks = NDArray[np.float32]

BLOCK = 8


def block_errors(reference: Luma, clip: Luma, *, bits: int = 8) -> Blocks:
    """The mean luma error of every 8 by 8 block, (H // 8, W // 8), in 8-bit code values.

    ``reference`` and ``clip`` are luma planes (H, W) of ``bits`` bits, of the same moment; rows
    and columns that do not fill a block are dropped.
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
    """Flicker between two neighbouring frames, from the ``block_errors`` of each.

    In 8-bit code values: 0 for a clip whose error does not change, no upper bound in practice.
    """
    return float(np.abs(now - before).mean())
