"""SSIM as Wang, Bovik, Sheikh and Simoncelli defined it (IEEE TIP 13(4), 2004).

11 by 11 Gaussian windows with sigma 1.5, K1 = 0.01, K2 = 0.03, population covariance, windows
wholly inside the frame, the mean over windows and over R, G and B.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

TAPS = 11
SIGMA = 1.5
C1 = np.float32((0.01 * 255.0) ** 2)
C2 = np.float32((0.03 * 255.0) ** 2)
# Sums of two pixels are taken around this, which keeps single precision exact enough: variances
# do not change, and means get it back.
MIDDLE = np.float32(256.0)
HALF, ONE = np.float32(0.5), np.float32(1.0)

_gaussian = np.exp(-0.5 * (np.arange(TAPS) - TAPS // 2) ** 2 / SIGMA**2)
# The window is symmetric: weights of the centre and of the five pairs around it.
W0, W1, W2, W3, W4, W5 = (_gaussian / _gaussian.sum())[TAPS // 2 :].astype(np.float32)


def ssim_rgb(reference: Pixels, clip: Pixels) -> float:
    """Mean SSIM of two 8-bit RGB frames (H, W, 3); 1 for equal frames, never above 1.

    Raises ValueError for frames of different shape or smaller than one window.
    """
    if reference.shape != clip.shape:
        raise ValueError(f"frames differ in shape: {reference.shape} and {clip.shape}")
    if min(reference.shape[:2]) < TAPS:
        raise ValueError(f"frame {reference.shape[:2]} is smaller than the {TAPS} pixel window")
    planes = [
        plane_ssim(np.ascontiguousarray(reference[..., c]), np.ascontiguousarray(clip[..., c]))
        for c in range(3)
    ]
    return float(sum(planes)) / 3.0


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def plane_ssim(first: Pixels, second: Pixels) -> float:
    """Mean SSIM of two planes (H, W), one pass over the rows.

    With s and d the sum and the difference of the two planes, Wang's formula is
    (1 - mean(d)^2 / L) * (1 - var(d) / C), L = (mean(s)^2 + mean(d)^2) / 2 + C1,
    C = (var(s) + var(d)) / 2 + C2.
    It needs four moments instead of five, and where the planes are alike nothing cancels.
    Each row is filtered across once and kept in a ring of 11 rows until it is filtered down.
    """
    height, width = first.shape
    inside = width - TAPS + 1
    row = np.empty((4, width), np.float32)
    ring = np.empty((TAPS, 4, inside), np.float32)
    down = np.empty((4, inside), np.float32)
    total = 0.0
    for y in range(height):
        for x in range(width):
            a, b = np.float32(first[y, x]), np.float32(second[y, x])
            total_level, difference = a + b - MIDDLE, a - b
            row[0, x] = total_level
            row[1, x] = difference
            row[2, x] = total_level * total_level
            row[3, x] = difference * difference
        slot = y % TAPS
        for moment in range(4):
            filter_across(row[moment], ring[slot, moment])
        if y >= TAPS - 1:
            for moment in range(4):
                filter_down(ring, moment, (slot + 1) % TAPS, down[moment])
            total += row_ssim(down)
    return float(total / ((height - TAPS + 1) * inside))


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def filter_across(row: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    for x in range(out.shape[0]):
        out[x] = (
            W0 * row[x + 5]
            + W1 * (row[x + 4] + row[x + 6])
            + W2 * (row[x + 3] + row[x + 7])
            + W3 * (row[x + 2] + row[x + 8])
            + W4 * (row[x + 1] + row[x + 9])
            + W5 * (row[x] + row[x + 10])
        )


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def filter_down(ring: NDArray[np.float32], moment: int, top: int, out: NDArray[np.float32]) -> None:
    r0, r10 = ring[top, moment], ring[(top + 10) % TAPS, moment]
    r1, r9 = ring[(top + 1) % TAPS, moment], ring[(top + 9) % TAPS, moment]
    r2, r8 = ring[(top + 2) % TAPS, moment], ring[(top + 8) % TAPS, moment]
    r3, r7 = ring[(top + 3) % TAPS, moment], ring[(top + 7) % TAPS, moment]
    r4, r6 = ring[(top + 4) % TAPS, moment], ring[(top + 6) % TAPS, moment]
    r5 = ring[(top + 5) % TAPS, moment]
    for x in range(out.shape[0]):
        out[x] = (
            W0 * r5[x]
            + W1 * (r4[x] + r6[x])
            + W2 * (r3[x] + r7[x])
            + W3 * (r2[x] + r8[x])
            + W4 * (r1[x] + r9[x])
            + W5 * (r0[x] + r10[x])
        )


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def row_ssim(moments: NDArray[np.float32]) -> float:
    """The sum of SSIM over one row of windows."""
    total = 0.0
    for x in range(moments.shape[1]):
        level, difference = moments[0, x], moments[1, x]
        difference_squared = difference * difference
        level_variance = moments[2, x] - level * level
        difference_variance = moments[3, x] - difference_squared
        full = level + MIDDLE
        luminance = HALF * (full * full + difference_squared) + C1
        contrast = HALF * (level_variance + difference_variance) + C2
        total += (ONE - difference_squared / luminance) * (ONE - difference_variance / contrast)
    return float(total)
