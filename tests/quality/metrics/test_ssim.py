"""SSIM against scikit-image and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framegate.quality.metrics.ssim import ssim_rgb
from framegate.quality.scoring.oracles import skimage_ssim


@pytest.mark.parametrize("noise", [0.0, 2.0, 20.0, 120.0])
@pytest.mark.parametrize("size", [(11, 11), (37, 64), (144, 176), (270, 481)])
def test_ssim_agrees_with_scikit_image(noise: float, size: tuple[int, int]) -> None:
    random = np.random.default_rng(7)
    reference = (np.cumsum(random.normal(0, 4, (*size, 3)), axis=1) % 256).astype(np.uint8)
    clip = np.clip(reference + random.normal(0, noise, reference.shape), 0, 255).astype(np.uint8)
    assert ssim_rgb(reference, clip) == pytest.approx(skimage_ssim(reference, clip), abs=1e-5)


def test_flat_frames_follow_the_formula() -> None:
    black, white = np.zeros((16, 16, 3), np.uint8), np.full((16, 16, 3), 255, np.uint8)
    c1 = (0.01 * 255) ** 2
    assert ssim_rgb(black, white) == pytest.approx(c1 / (255**2 + c1), abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_ssim_is_symmetric_and_never_above_one(seed: int) -> None:
    random = np.random.default_rng(seed)
    first, second = random.integers(0, 256, (2, 20, 24, 3), dtype=np.uint8)
    value = ssim_rgb(first, second)
    assert value == pytest.approx(ssim_rgb(second, first), abs=1e-6)
    assert -1.0 <= value <= 1.0
    assert ssim_rgb(first, first) == pytest.approx(1.0, abs=1e-6)


def test_frames_of_different_or_tiny_size_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        ssim_rgb(np.zeros((16, 16, 3), np.uint8), np.zeros((16, 17, 3), np.uint8))
    with pytest.raises(ValueError, match="smaller than the 11 pixel window"):
        ssim_rgb(np.zeros((10, 16, 3), np.uint8), np.zeros((10, 16, 3), np.uint8))
