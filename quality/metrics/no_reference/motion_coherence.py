"""Whether neighbouring frames show the same things, only moved.

A frame is compared with the one after it, fetched back along the motion between them: the share of
its detail (what differs from the local mean) that the other picture shows too. Noise moves nowhere,
and nothing of one scene is found in another: both are near 0. A change of brightness alone counts
nothing, because the local mean is left out; noise and compression count little, because both
pictures are smoothed a little first.

A still picture has the value 1, not an abstention: nothing in it is left to explain, and
``motion_amount_v1`` says that it is still. Objects that jump farther than their own size from one
frame to the next are not found: values of clips with different frame rates are not comparable.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from framegate.quality.metrics.motion import NEIGHBOURHOOD, Mask, Motion, Plane

SMOOTHING_PIXELS = 1.0  # standard deviation
# In squared code values, added to the detail: rounding does not make a flat picture incoherent.
ROUNDING = 1.0
EXPLAINED_SHARE = (
    0.5  # of the detail around a pixel, from which its motion counts as an explanation
)


@dataclass(frozen=True, slots=True)
class MotionFit:
    """A frame and the next one fetched back: the mean squares around every pixel, (H, W).

    ``detail`` is that of what both show, ``missed`` that of how they differ.
    """

    detail: Plane
    missed: Plane

    @property
    def explained(self) -> Mask:
        """The pixels around which the motion explains at least half of the detail."""
        return np.asarray(self.missed <= (1.0 - EXPLAINED_SHARE) * self.detail)


def motion_fit(first: Plane, second: Plane, onward: Motion) -> MotionFit:
    """How well ``onward``, the motion from the first frame to the second, explains the first.

    Both are luma (H, W) in 8-bit code values; ``onward`` is ``motions(first, second)[0]``.
    """
    here, fetched = detail_of(first), onward.warp(detail_of(second))
    return MotionFit(
        detail=local_mean((np.square(here) + np.square(fetched)) / np.float32(2)),
        missed=local_mean(np.square(here - fetched)),
    )


def detail_of(luma: Plane) -> Plane:
    smooth = np.asarray(cv2.GaussianBlur(luma, (0, 0), SMOOTHING_PIXELS), np.float32)
    return np.asarray(smooth - local_mean(smooth), np.float32)


def local_mean(values: Plane) -> Plane:
    return np.asarray(cv2.blur(values, (NEIGHBOURHOOD, NEIGHBOURHOOD)), np.float32)


def motion_coherence(fit: MotionFit) -> float:
    """The share of a frame's detail that its motion explains: 0 none of it, 1 all of it."""
    unexplained = float(fit.missed.mean()) / (float(fit.detail.mean()) + ROUNDING)
    return max(0.0, 1.0 - unexplained)
