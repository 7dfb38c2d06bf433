"""Pixel noise of one frame, whatever the frame shows.

The idea of Immerkær (Computer Vision and Image Understanding 64(2), 1996): differences that cancel
what a picture shows and keep what differs from pixel to pixel; and of Donoho and Johnstone
(Biometrika 81(3), 1994): the median of their sizes, which edges hardly move. The fourth difference
in both directions is taken in place of Immerkær's second: on clean footage it read 0.1 to 1.6 where
the second read 0.2 to 3.3, and 3.7 in place of 5.7 on grass from near.

What it does not see: noise in less than half of the frame, noise as coarse as several pixels (of a
frame that was enlarged, or compressed so much that the codec took the noise away), and noise that
is cut off at black or white. Texture as fine as noise counts as noise.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

FOURTH_DIFFERENCE = np.array([1.0, -4.0, 6.0, -4.0, 1.0])
GAIN = 70.0  # of the noise, by taking the difference in both directions: the taps' squares
REACH = 2  # pixels on either side
MEDIAN_OF_NORMAL = 0.6745  # of the sizes of normal values with the standard deviation 1


def noise(luma: Plane) -> float:
    """The standard deviation of a frame's noise, in the units of ``luma`` (H, W); 0 for a flat one.

    Normal noise of 2 to 40 code values on a clean picture is found within 5 %, where neither black
    nor white cuts it off.
    Raises ValueError for frames with a side below 5 pixels.
    """
    if min(luma.shape) <= 2 * REACH:
        raise ValueError(f"frame {luma.shape} is too small: noise needs {2 * REACH + 1} pixels")
    band = cv2.sepFilter2D(luma, cv2.CV_32F, FOURTH_DIFFERENCE, FOURTH_DIFFERENCE)
    inside = np.abs(band[REACH:-REACH, REACH:-REACH])
    return float(np.median(inside)) / GAIN / MEDIAN_OF_NORMAL
