"""Flicker, worked by hand."""

import numpy as np
import pytest

from framegate.quality.metrics.flicker import block_errors, flicker


def luma(level: int, size: int = 32) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.full((size, size), level, np.uint8)


def test_an_alternation_of_plus_and_minus_one_reads_two() -> None:
    reference = luma(100)
    bright, dark = (block_errors(reference, luma(level)) for level in (101, 99))
    assert flicker(bright, dark) == 2.0
    assert flicker(dark, bright) == 2.0


def test_a_constant_error_is_no_flicker() -> None:
    error = block_errors(luma(100), luma(120))
    assert flicker(error, error) == 0.0


def test_shared_motion_cancels() -> None:
    random = np.random.default_rng(1)
    before, now = random.integers(0, 255, (2, 64, 64), dtype=np.uint8)
    assert flicker(block_errors(before, before), block_errors(now, now)) == 0.0


def test_pixel_noise_averages_out_within_a_block() -> None:
    checks = np.indices((32, 32)).sum(0) % 2
    noisy = (100 + np.where(checks, 10, -10)).astype(np.uint8)
    assert flicker(block_errors(luma(100), noisy), block_errors(luma(100), luma(100))) == 0.0


def test_a_remainder_of_a_block_is_left_out() -> None:
    reference, clip = luma(100, 20), luma(100, 20)
    clip[16:, :] = 200
    assert flicker(block_errors(reference, reference), block_errors(reference, clip)) == 0.0


def test_frames_below_a_block_are_refused() -> None:
    with pytest.raises(ValueError, match="smaller than a block"):
        block_errors(luma(0, 7), luma(0, 7))
