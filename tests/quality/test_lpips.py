"""LPIPS against the authors' own package."""

import subprocess
import sys

import numpy as np
import pytest

from generator.render import render
from generator.scene import scene_of
from quality.metrics.lpips import lpips_alex
from quality.oracles import package_lpips


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
    code = "import sys, quality.score; print('torchvision' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_tiny_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="below 32 pixels"):
        lpips_alex(np.zeros((31, 64, 3), np.uint8), np.zeros((31, 64, 3), np.uint8))
