"""SSIM as Wang, Bovik, Sheikh and Simoncelli defined it (IEEE TIP 13(4), 2004), and MS-SSIM.

11 by 11 Gaussian windows with sigma 1.5, K1 = 0.01, K2 = 0.03, population covariance, windows
wholly inside the frame, the mean over windows.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framegate.telemetry.platform.compiled_loops import compile_fastmath, compile_loop

Pixels = NDArray[np.uint8]
Levels = NDArray[Any]  # uint8, uint16 or float32

TAPS = 11
SIGMA = 1.5
K1, K2 = 0.01, 0.03
MEAN_SAMPLE_PIXELS = 4096  # pixels, about, that a plane's mean is taken from
HALF, ONE = np.float32(0.5), np.float32(1.0)

_gaussian = np.exp(-0.5 * (np.arange(TAPS) - TAPS // 2) ** 2 / SIGMA**2)
# The window is symmetric: weights of the centre and of the five pairs around it.
W0, W1, W2, W3, W4, W5 = (_gaussian / _gaussian.sum())[TAPS // 2 :].astype(np.float32)


# Wang, Simoncelli and Bovik, "Multiscale structural similarity" (Asilomar 2003): one per scale.
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
MS_MIN_SIDE_PIXELS = TAPS * 2 ** (len(SCALE_WEIGHTS) - 1)


def ssim_rgb(reference: Pixels, clip: Pixels) -> float:
    """SSIM of two 8-bit RGB frames (H, W, 3), the mean of R, G and B; -1 to 1, 1 for equal frames.

    Wang et al. 2004, equation 13, with C1 = (0.01 * 255)^2 and C2 = (0.03 * 255)^2.
    Raises ValueError for frames of different shape or smaller than one window.
    """
    require_shapes(reference, clip, smallest=TAPS)
    planes = [plane_ssim(*both, np.float32(255.0))[0] for both in channel_planes(reference, clip)]
    return float(sum(planes)) / 3.0


def ssim_luma(reference: Levels, clip: Levels, *, peak: float) -> float:
    """SSIM of two luma planes (H, W) of any number type; -1 to 1, 1 for equal planes.

    ``peak`` is the range of the values of both planes, from black to white: 219 for 8-bit video of
    limited range, 255 for 8-bit video of full range, four times as much for 10 bits.
    Raises ValueError for planes of different shape or smaller than one window.
    """
    require_shapes(reference, clip, smallest=TAPS)
    return float(plane_ssim(reference, clip, np.float32(peak))[0])


def ms_ssim_rgb(reference: Pixels, clip: Pixels) -> float:
    """MS-SSIM of two 8-bit RGB frames (H, W, 3), the mean of R, G and B; 0 to 1, 1 if equal.

    Wang, Simoncelli and Bovik 2003: five scales, each half the size of the one before (means of 2
    by 2 pixels; an odd last row or column is dropped). A negative contrast term counts as 0.
    Raises ValueError for frames of different shape or with a side below 176 pixels.
    """
    require_shapes(reference, clip, smallest=MS_MIN_SIDE_PIXELS)
    return sum(plane_ms_ssim(*both) for both in channel_planes(reference, clip)) / 3.0


def plane_ms_ssim(first: Levels, second: Levels) -> float:
    product = 1.0
    for scale, weight in enumerate(SCALE_WEIGHTS):
        if scale:
            first, second = halve_plane(first), halve_plane(second)
        whole, contrast = plane_ssim(first, second, np.float32(255.0))
        last = scale == len(SCALE_WEIGHTS) - 1
        product *= max(0.0, whole if last else contrast) ** weight
    return product


def require_shapes(reference: Levels, clip: Levels, *, smallest: int) -> None:
    if reference.shape != clip.shape:
        raise ValueError(f"frames differ in shape: {reference.shape} and {clip.shape}")
    if min(reference.shape[:2]) < smallest:
        raise ValueError(f"frame {reference.shape[:2]} is smaller than the {smallest} pixel window")


def channel_planes(reference: Pixels, clip: Pixels) -> Iterator[tuple[Pixels, Pixels]]:
    for channel in range(3):
        planes = [np.ascontiguousarray(frame[..., channel]) for frame in (reference, clip)]
        yield planes[0], planes[1]


@compile_loop
def halve_plane(plane: Levels) -> NDArray[np.float32]:
    """Means of 2 by 2 pixels."""
    height, width = plane.shape[0] // 2, plane.shape[1] // 2
    out = np.empty((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            left = np.float32(plane[2 * y, 2 * x]) + np.float32(plane[2 * y + 1, 2 * x])
            right = np.float32(plane[2 * y, 2 * x + 1]) + np.float32(plane[2 * y + 1, 2 * x + 1])
            out[y, x] = np.float32(0.25) * (left + right)
    return out


@compile_loop
def estimate_mean_sum(first: Levels, second: Levels) -> float:
    """The mean of the two planes' sum, from some of their pixels.

    Moments are taken around it, which keeps single precision exact: variances do not change, and
    means get it back.
    """
    height, width = first.shape
    step = max(1, int(np.sqrt(height * width / MEAN_SAMPLE_PIXELS)))
    total, count = 0.0, 0
    for y in range(0, height, step):
        for x in range(0, width, step):
            total += float(first[y, x]) + float(second[y, x])
            count += 1
    return total / count


@compile_fastmath
def plane_ssim(first: Levels, second: Levels, peak: np.float32) -> tuple[float, float]:
    """Mean SSIM of two planes (H, W) and the mean of its contrast term, one pass over the rows.

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
    middle = np.float32(estimate_mean_sum(first, second))
    c1, c2 = np.float32((K1 * peak) ** 2), np.float32((K2 * peak) ** 2)
    total, contrast = 0.0, 0.0
    for y in range(height):
        for x in range(width):
            a, b = np.float32(first[y, x]), np.float32(second[y, x])
            total_level, difference = a + b - middle, a - b
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
            row_total, row_contrast = row_ssim(down, middle, c1, c2)
            total += row_total
            contrast += row_contrast
    windows = (height - TAPS + 1) * inside
    return total / windows, contrast / windows


@compile_fastmath
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


@compile_fastmath
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


@compile_fastmath
def row_ssim(
    moments: NDArray[np.float32], middle: np.float32, c1: np.float32, c2: np.float32
) -> tuple[float, float]:
    """The sums of SSIM and of its contrast term over one row of windows."""
    total, contrast_total = 0.0, 0.0
    for x in range(moments.shape[1]):
        level, difference = moments[0, x], moments[1, x]
        difference_squared = difference * difference
        level_variance = moments[2, x] - level * level
        difference_variance = moments[3, x] - difference_squared
        full = level + middle
        luminance = HALF * (full * full + difference_squared) + c1
        spread = HALF * (level_variance + difference_variance) + c2
        contrast = ONE - difference_variance / spread
        total += (ONE - difference_squared / luminance) * contrast
        contrast_total += contrast
    return total, contrast_total
