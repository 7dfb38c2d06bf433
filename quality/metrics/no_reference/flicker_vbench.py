"""VBench's ``temporal_flickering`` (Huang et al., CVPR 2024), to compare with what is published.

It counts motion as flicker: its authors say that it is for static videos.
"""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def stillness(before: Pixels, now: Pixels) -> float:
    """(255 - mean absolute change) / 255 of two 8-bit RGB frames (H, W, 3); 0 to 1, 1 if equal."""
    change = np.maximum(before, now) - np.minimum(before, now)
    return (255.0 - float(change.mean())) / 255.0
