"""LPIPS against the authors' own package."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from framegate.generator.scene.render import render
from framegate.generator.scene.scene import scene_of
from framegate.quality.metrics.lpips import frames_per_batch, lpips_alex
from framegate.quality.metrics.table import METRICS
from framegate.quality.scoring.oracles import package_lpips
from framegate.quality.scoring.score import score
from framegate.quality.video.decoder import Picture, open_video
from framegate.quality.video.frame_pairs import Pair
from tests.videos import moving_frames, write_video


@pytest.mark.parametrize("prompt", ["a red ball over the sea", "two golden stars in space"])
@pytest.mark.parametrize("size", [(64, 64), (256, 256), (256, 455)])
def test_lpips_agrees_with_the_package_on_generated_images(
    prompt: str, size: tuple[int, int]
) -> None:
    height, width = size
    scene = scene_of(prompt, 3)
    reference = render(scene, 0.0, width=width, height=height)
    for other in (
        render(scene, 0.4, width=width, height=height),
        np.roll(reference, 5, axis=1),
        (reference // 32 * 32).astype(np.uint8),
    ):
        assert lpips_alex(reference, other) == pytest.approx(
            package_lpips(reference, other), abs=1e-4
        )


def test_equal_frames_have_no_distance() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert lpips_alex(frame, frame) == 0.0


def test_lpips_needs_no_torchvision() -> None:
    code = "import sys, framegate.quality.scoring.score; print('torchvision' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_tiny_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="below 32 pixels"):
        lpips_alex(np.zeros((31, 64, 3), np.uint8), np.zeros((31, 64, 3), np.uint8))


def test_frames_taken_together_have_the_values_they_have_one_by_one(tmp_path: Path) -> None:
    frames = moving_frames(21, width=96, height=64)
    reference = write_video(tmp_path / "reference.mp4", frames)
    clip = write_video(tmp_path / "clip.mp4", frames, crf="40")
    ids = [name for name in METRICS if name.startswith("lpips")]
    found = score(reference, clip, metrics=ids, lpips_every=1)
    with open_video(reference) as left, open_video(clip) as right:
        expected = [
            lpips_alex(one.rgb, other.rgb)
            for one, other in zip(left.pictures, right.pictures, strict=True)
        ]
    assert METRICS[ids[0]].batch_size(Pair(0, *[left_picture(reference)] * 2)) > 21
    for name in ids:
        assert found.metrics[name].indices == tuple(range(21))
        assert found.metrics[name].values == pytest.approx(expected, abs=1e-6)


def left_picture(path: Path) -> Picture:
    with open_video(path) as video:
        return next(video.pictures)


def test_large_frames_are_taken_one_pair_at_a_time() -> None:
    assert frames_per_batch(1080, 1920) == 1
    assert frames_per_batch(256, 256) == 8


def test_a_device_that_is_not_there_is_an_error_with_its_name(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "clip.mp4", moving_frames(3))
    done = subprocess.run(
        [sys.executable, "-m", "framegate", "quality", "score", str(clip), str(clip)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"FRAMEGATE_DEVICE": "cuda:99"},
    )
    assert done.returncode == 2
    assert "FRAMEGATE_DEVICE 'cuda:99'" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
