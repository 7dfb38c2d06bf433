"""Flicker without a reference: what is left of brightness changes when motion is taken out.

For a frame t, a is the change of luma since the frame before and c the change to the frame after,
both along the motion, averaged over 8 by 8 blocks. The value is the mean over blocks of
|c - a| / 2, in 8-bit code values: a fade changes evenly and cancels, an alternation of plus and
minus one reads 2 (the second difference of MEMSASD, SPIE 7744, 2010).
Blocks count where motion can be trusted in both directions.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from framegate.quality.metrics.motion import Mask, Motion, Plane, motions

BLOCK = 8
BLOCK_SHARE = 0.8  # of a block's pixels that must be trusted for the block to count
MIN_COVERAGE = 0.5  # of a frame's blocks, below which the frame has no value


@dataclass(frozen=True, slots=True)
class PreviousFrame:
    """A frame and how it got there: its luma, and the luma before it, fetched along the motion."""

    luma: Plane
    fetched: Plane | None
    valid: Mask | None


@dataclass(frozen=True, slots=True)
class FlickerReading:
    """One frame's value, None below the least coverage, and the share of blocks that counted."""

    value: float | None
    coverage: float


def flicker_nr(
    before: PreviousFrame | None, luma: Plane
) -> tuple[PreviousFrame, FlickerReading | None]:
    """What the frame before this one reads, once this one is there.

    ``luma`` (H, W) is in 8-bit code values reduced as ``Picture.small`` is.
    """
    if before is None:
        return PreviousFrame(luma, None, None), None
    onward, back = motions(before.luma, luma)
    now = PreviousFrame(luma, back.warp(before.luma), back.valid)
    return now, None if before.fetched is None else frame_flicker(before, onward, luma)


def frame_flicker(middle: PreviousFrame, onward: Motion, after: Plane) -> FlickerReading:
    if middle.fetched is None or middle.valid is None:
        raise ValueError("the first frame has nothing before it")
    change = onward.warp(after) - middle.luma - (middle.luma - middle.fetched)
    valid = middle.valid & onward.valid
    counts = block_sums(valid.astype(np.float32))
    good = counts >= BLOCK_SHARE * BLOCK * BLOCK
    coverage = float(good.mean())
    if coverage < MIN_COVERAGE:
        return FlickerReading(None, coverage)
    means = block_sums(np.where(valid, change, np.float32(0)))[good] / counts[good]
    return FlickerReading(float(np.abs(means).mean()) / 2.0, coverage)


def block_sums(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums over blocks; a remainder of the frame is left out."""
    rows, columns = values.shape[0] // BLOCK, values.shape[1] // BLOCK
    whole = values[: rows * BLOCK, : columns * BLOCK]
    bands = whole.reshape(rows, BLOCK, columns * BLOCK).sum(axis=1)
    return np.asarray(bands.reshape(rows, columns, BLOCK).sum(axis=2))
