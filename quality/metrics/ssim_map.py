"""SSIM by place, for pictures of where two frames differ."""

import cv2
import numpy as np
from numpy.typing import NDArray

from framegate.quality.metrics.ssim import K1, K2, SIGMA, TAPS, Levels


def ssim_map(reference: Levels, clip: Levels) -> NDArray[np.float32]:
    """The SSIM of every pixel's window, for two planes (H, W) of 8-bit luma; same shape as they.

    For pictures only: windows at the border are completed by mirroring, and the moments are
    computed in single precision. ``ssim_luma`` is the exact value.
    """
    a, b = (np.asarray(plane, np.float32) for plane in (reference, clip))
    a_mean, b_mean, a_square, b_square, product = (
        cv2.GaussianBlur(values, (TAPS, TAPS), SIGMA) for values in (a, b, a * a, b * b, a * b)
    )
    c1, c2 = (K1 * 255.0) ** 2, (K2 * 255.0) ** 2
    variances = a_square - a_mean**2 + b_square - b_mean**2
    level = (2 * a_mean * b_mean + c1) / (a_mean**2 + b_mean**2 + c1)
    return np.asarray(level * (2 * (product - a_mean * b_mean) + c2) / (variances + c2), np.float32)
