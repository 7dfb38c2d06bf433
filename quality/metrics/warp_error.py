"""Warping error of Lai et al. (ECCV 2018): how far a clip strays from its own past along motion.

The motion is the reference's, so a fault of the clip cannot hide in the motion it is judged by.
"""

import numpy as np
from numpy.typing import NDArray

from framegate.quality.metrics.motion import Motion

MIN_COVERAGE = 0.5  # of the pixels, below which a frame has no value

Colours = NDArray[np.float32]  # (H, W, 3) in 0..1


def warp_error(onward: Motion, clip: tuple[Colours, Colours]) -> tuple[float, float]:
    """Mean squared difference between a frame and the next one brought back, and its coverage.

    ``onward`` is the motion from one frame of the reference to the next, ``clip`` the same moments
    of the clip, reduced as ``Picture.small`` is.
    The mean is over pixels where the motion can be trusted, NaN where there is none.
    """
    coverage = float(onward.valid.mean())
    strayed = np.square(clip[0] - onward.warp(clip[1])).mean(axis=2)
    return (float(strayed[onward.valid].mean()) if coverage else float("nan")), coverage
