"""Pixel noise, on pictures whose noise is known."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from framegate.generator.scene.render import render
from framegate.generator.scene.scene import scene_of
from framegate.quality.metrics.no_reference.noise import noise
from framegate.quality.scoring.score import inspect
from framegate.quality.video.decoder import open_video
from tests.videos import write_video

CARPHONE = Path(__file__).parents[1] / "clips" / "carphone_pristine.mp4"
PROMPTS = ("three golden stars orbiting over the sea", "a red ball bouncing in the snow")

Plane = NDArray[np.float32]


def rendered(prompt: str) -> Plane:
    rgb = render(scene_of(prompt, 1), 0.5, width=256, height=192)
    return np.asarray(np.rint(rgb.mean(axis=2)), np.float32)


def real() -> Plane:
    with open_video(CARPHONE) as video:
        return next(video.pictures).luma.astype(np.float32)


def with_noise(luma: Plane, sigma: float) -> Plane:
    return (luma + np.random.default_rng(4).normal(0, sigma, luma.shape)).astype(np.float32)


def test_a_clean_picture_has_next_to_none_and_a_flat_one_none() -> None:
    assert all(noise(rendered(prompt)) < 0.5 for prompt in PROMPTS)
    assert noise(real()) < 1.0
    assert noise(np.full((32, 48), 93, np.float32)) == 0.0


@pytest.mark.parametrize("sigma", [2.0, 4.0, 12.0, 40.0])
def test_added_noise_is_found_in_rendered_and_in_real_pictures(sigma: float) -> None:
    for prompt in PROMPTS:
        assert noise(with_noise(rendered(prompt), sigma)) == pytest.approx(sigma, rel=0.05)
    assert noise(with_noise(real(), sigma)) == pytest.approx(sigma, rel=0.05, abs=0.6)


def test_white_noise_reads_its_own_strength() -> None:
    white = np.random.default_rng(1).integers(0, 256, (144, 176)).astype(np.float32)
    assert noise(white) == pytest.approx(float(white.std()), rel=0.05)


def test_edges_alone_are_no_noise() -> None:
    squares = np.kron(np.indices((16, 16)).sum(0) % 2, np.ones((16, 16))) * 200
    assert noise(squares.astype(np.float32)) == 0.0


def test_frames_below_its_reach_are_refused() -> None:
    assert noise(np.zeros((5, 5), np.float32)) == 0.0
    with pytest.raises(ValueError, match="too small"):
        noise(np.zeros((4, 64), np.float32))


def test_ten_bits_read_in_levels_of_eight(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    frames = [random.normal(128, 10, (64, 64, 1)).repeat(3, axis=2) for _ in range(2)]
    values = [
        inspect(
            write_video(
                tmp_path / f"{pixel_format}.mkv",
                [np.rint(frame).astype(np.uint8) for frame in frames],
                codec="ffv1",
                pixel_format=pixel_format,
                full_range=True,
            ),
            metrics=("noise_v1",),
        )
        .metrics["noise_v1"]
        .value
        for pixel_format in ("yuv444p", "yuv444p10le")
    ]
    assert values == pytest.approx([10.0, 10.0], rel=0.05)
