"""Numba's machine code, loaded: what every scorer would do first.

Imported by the fork server, once, before scorers are copied from it.
"""

import numpy as np

from framegate.quality.metrics.ssim import TAPS, ssim_rgb

BLANK = np.zeros((TAPS, TAPS, 3), np.uint8)
ssim_rgb(BLANK, BLANK)
