"""What a clip shows of itself, on frames whose answer is known."""

import numpy as np
import pytest

from framegate.quality.metrics.no_reference.appearance import (
    blockiness,
    blur,
    colour_distance,
    drift,
    is_black,
    is_frozen,
)


def test_a_repeated_frame_is_frozen_and_a_changed_one_is_not() -> None:
    frame = np.random.default_rng(1).uniform(0, 255, (32, 32)).astype(np.float32)
    assert is_frozen(frame, frame) == 1.0
    assert is_frozen(frame, frame + 0.2) == 1.0
    assert is_frozen(frame, frame + 0.3) == 0.0


@pytest.mark.parametrize(("floor", "peak", "scale"), [(16, 219, 1), (0, 255, 1), (64, 876, 4)])
def test_black_is_judged_in_the_videos_own_range(floor: int, peak: int, scale: int) -> None:
    dtype = np.uint8 if scale == 1 else np.uint16
    black = np.full((50, 50), floor, dtype)
    assert is_black(black, floor=floor, peak=peak) == 1.0
    lit = black.copy()
    lit[0] = floor + peak // 2  # 2 % of the pixels
    assert is_black(lit, floor=floor, peak=peak) == 1.0
    lit[1] = floor + peak // 2
    assert is_black(lit, floor=floor, peak=peak) == 0.0


def test_blur_rises_with_the_width_of_a_blur_and_is_unknown_for_flat_frames() -> None:
    random = np.random.default_rng(2)
    sharp = random.uniform(0, 255, (96, 128)).astype(np.float32)
    found: list[float] = []
    for width in (1, 3, 7, 15):
        taps = np.ones(width) / width
        soft = np.apply_along_axis(np.convolve, 1, sharp, taps, "same").astype(np.float32)
        soft = np.apply_along_axis(np.convolve, 0, soft, taps, "same").astype(np.float32)
        found.append(blur(soft) or 0.0)
    assert found == sorted(found)
    assert found[0] > 0.0
    assert blur(np.full((32, 32), 9, np.float32)) is None


def test_blockiness_is_one_for_noise_and_the_ratio_for_steps_at_borders() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (256, 256)).astype(np.uint8)
    assert blockiness(noise) == pytest.approx(1.0, abs=0.02)
    ramp = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    steps = ramp + 3 * np.add.outer(np.arange(64) // 8, np.arange(64) // 8).astype(np.uint8)
    assert blockiness(steps) == pytest.approx(4.0)
    assert blockiness(np.full((32, 32), 7, np.uint8)) is None
    with pytest.raises(ValueError, match="no two blocks"):
        blockiness(noise[:8, :8])


def test_drift_is_the_way_from_the_first_tenth_to_the_last() -> None:
    assert drift([5.0] * 30) == 0.0
    assert drift([0.0] * 10 + [4.0] * 80 + [10.0] * 10) == 10.0
    assert drift([10.0] * 10 + [0.0] * 10) == 10.0
    assert drift([3.0]) == 0.0


def test_colour_distance_leaves_brightness_out() -> None:
    gray = np.array([0.5, 0.5, 0.5], np.float32)
    assert colour_distance(gray, gray + np.float32(0.2)) == pytest.approx(0.0, abs=1e-3)
    reddish = gray + np.array([0.3, 0.0, 0.0], np.float32)
    # Beside the mean rise of 0.1: +0.2, -0.1, -0.1.
    assert colour_distance(gray, reddish) == pytest.approx(255 * np.sqrt(0.06), rel=1e-4)
