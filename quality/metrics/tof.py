"""tOF of TecoGAN (Chu et al., ACM TOG 39(4), 2020): whether a clip moves as its reference does."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from framegate.quality.metrics.motion import Plane

# Farnebäck's flow with the settings of the authors' evaluation.
FARNEBACK_SETTINGS: dict[str, Any] = {
    "pyr_scale": 0.5,
    "levels": 3,
    "winsize": 15,
    "iterations": 3,
    "poly_n": 5,
    "poly_sigma": 1.2,
    "flags": 0,
}


def tof(reference: tuple[Plane, Plane], clip: tuple[Plane, Plane]) -> float:
    """The mean length of the difference of two motions, in pixels; 0 for equal motion.

    ``reference`` and ``clip`` are each the luma (H, W) of two neighbouring frames, in 8-bit code
    values; the motion is Farnebäck's optical flow with the settings of the authors' evaluation.
    """
    apart = flow(*reference) - flow(*clip)
    return float(np.sqrt(np.square(apart).sum(axis=2)).mean())


def flow(first: Plane, second: Plane) -> NDArray[np.float32]:
    left, right = (np.clip(np.rint(plane), 0, 255).astype(np.uint8) for plane in (first, second))
    start = np.zeros((*left.shape, 2), np.float32)
    return np.asarray(
        cv2.calcOpticalFlowFarneback(left, right, start, **FARNEBACK_SETTINGS), np.float32
    )
