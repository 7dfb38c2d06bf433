"""Warping error of Lai et al. (ECCV 2018): how much a clip changes along the motion in it.

The motion is measured in the reference: a fault of the clip would also falsify motion measured in
the clip, and so hide itself.
"""

import numpy as np
from numpy.typing import NDArray

from framegate.quality.metrics.motion import Motion

MIN_COVERAGE = 0.5  # of the pixels, below which a frame has no value

Colours = NDArray[np.float32]  # (H, W, 3) in 0..1


def warp_error(onward: Motion, clip: tuple[Colours, Colours]) -> tuple[float, float]:
    """The mean squared difference between a frame and the next one warped back, and its coverage.

    ``onward`` is the motion from one frame of the reference to the next (``motions(...)[0]``),
    ``clip`` the same two frames of the clip, each (H, W, 3) in 0..1, of the motion's size.
    The value is 0 to 1, 0 for a clip that only moves. It is the mean over the pixels whose motion
    can be trusted; the coverage is their share, and the value is NaN where it is 0.
    """
    coverage = float(onward.valid.mean())
    strayed = np.square(clip[0] - onward.warp(clip[1])).mean(axis=2)
    return (float(strayed[onward.valid].mean()) if coverage else float("nan")), coverage
