"""Flicker without a reference: the brightness changes that motion does not explain.

For a frame t, a is the change of luma since the frame before and c the change to the frame after,
both along the motion, averaged over 8 by 8 blocks. The value is the mean over blocks of
|c - a| / 2, in 8-bit code values: a fade changes evenly and cancels, a clip that alternates
between plus and minus one level has the value 2 (the second difference of MEMSASD, SPIE 7744,
2010).
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
    """A frame, and the frame before it warped onto it along the motion between them."""

    luma: Plane
    fetched: Plane | None
    valid: Mask | None


@dataclass(frozen=True, slots=True)
class FlickerReading:
    """One frame's value, and the share of its blocks that counted.

    ``value`` is None where fewer than half of the blocks (MIN_COVERAGE) counted.
    """

    value: float | None
    coverage: float


def flicker_nr(
    before: PreviousFrame | None, luma: Plane, *, between: tuple[Motion, Motion] | None = None
) -> tuple[PreviousFrame, FlickerReading | None]:
    """Flicker of the frame before this one, which needs the frames on both of its sides.

    ``luma`` (H, W) is in 8-bit code values, at the size of ``Picture.small_luma``. Call it once
    for each frame: pass None with the first, then what the call before returned. The reading is
    None for the first two frames. ``between`` is the motion from the frame before to this one and
    back, where it is known already; it is computed otherwise.
    Raises ValueError for frames with a side below 32 pixels.
    """
    if before is None:
        return PreviousFrame(luma, None, None), None
    onward, back = between or motions(before.luma, luma)
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
    """The sum of every 8 by 8 block; rows and columns that do not fill a block are dropped."""
    rows, columns = values.shape[0] // BLOCK, values.shape[1] // BLOCK
    whole = values[: rows * BLOCK, : columns * BLOCK]
    bands = whole.reshape(rows, BLOCK, columns * BLOCK).sum(axis=1)
    return np.asarray(bands.reshape(rows, columns, BLOCK).sum(axis=2))
