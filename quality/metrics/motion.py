"""Motion between neighbouring frames, and where it can be trusted.

Dense inverse search (Kroeger et al., ECCV 2016) on luma without its local mean, so that a change
of brightness is not taken for motion.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Vectors = NDArray[np.float32]  # (H, W, 2): x and y
Mask = NDArray[np.bool_]

NEIGHBOURHOOD = 31  # pixels that the local mean is taken over
MID_GREY = 128.0
MIN_SIDE_PIXELS = 32  # the flow's patches need as much


@dataclass(frozen=True, slots=True)
class Motion:
    """The motion from one frame to another: a vector for each pixel, and whether to trust it."""

    vectors: Vectors
    valid: Mask

    def warp(self, other: NDArray[Any]) -> NDArray[Any]:
        """The other frame's values (H, W) or (H, W, C), fetched back along the motion."""
        return warp_values(other, self.vectors)


def motions(first: Plane, second: Plane) -> tuple[Motion, Motion]:
    """The motion from the first frame to the second, and back.

    ``first`` and ``second`` are luma (H, W) in 8-bit code values; the scorer gives it frames of at
    most 640 pixels across (``Picture.small_luma``). Vectors are in pixels, found by OpenCV's DIS
    optical flow. Raises ValueError for frames with a side below 32 pixels.
    """
    if min(first.shape) < MIN_SIDE_PIXELS:
        raise ValueError(f"frame {first.shape} is too small: motion needs {MIN_SIDE_PIXELS} pixels")
    left, right = subtract_local_mean(first), subtract_local_mean(second)
    there, back = flow(left, right), flow(right, left)
    return Motion(there, reliable_mask(there, back)), Motion(back, reliable_mask(back, there))


def subtract_local_mean(luma: Plane) -> NDArray[np.uint8]:
    local = cv2.blur(luma, (NEIGHBOURHOOD, NEIGHBOURHOOD))
    return np.asarray(np.clip(luma - local + MID_GREY, 0, 255), np.uint8)


def flow(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Vectors:
    return np.asarray(flow_estimator().calc(first, second, None), np.float32)


@cache
def flow_estimator() -> Any:
    return cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)


def reliable_mask(there: Vectors, back: Vectors) -> Mask:
    """The pixels whose motion can be trusted.

    Going there and back ends where it began, the target is inside the frame, and the pixel is not
    at the edge of a moving object: the conditions of Ruder, Dosovitskiy and Brox (GCPR 2016), after
    Sundaram et al. (ECCV 2010).
    """
    returned = warp_values(back, there)
    length = squared_length(there)
    closed = squared_length(there + returned) <= 0.01 * (length + squared_length(returned)) + 0.5
    slope = sum(
        np.square(np.gradient(there[..., axis], axis=direction))
        for axis in range(2)
        for direction in range(2)
    )
    return np.asarray(closed & (slope <= 0.01 * length + 0.002) & inside_frame_mask(there))


def squared_length(vectors: Vectors) -> Plane:
    """The squared length of each; NumPy's own sum is slow over so short an axis."""
    return np.square(vectors[..., 0]) + np.square(vectors[..., 1])


def inside_frame_mask(vectors: Vectors) -> Mask:
    height, width = vectors.shape[:2]
    x, y = target_coordinates(vectors)
    return np.asarray((x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1))


def warp_values(values: NDArray[Any], vectors: Vectors) -> NDArray[Any]:
    x, y = target_coordinates(vectors)
    return np.asarray(cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def target_coordinates(vectors: Vectors) -> tuple[Plane, Plane]:
    height, width = vectors.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x + vectors[..., 0], y + vectors[..., 1]
