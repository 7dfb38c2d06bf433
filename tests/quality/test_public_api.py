"""``framegate.quality`` for users of Python: what it exports, and what each import costs."""

import subprocess
import sys

import pytest

import framegate.quality
from framegate.quality import DEFINITIONS, METRICS

HEAVY = ("av", "cv2", "torch", "scipy.stats", "pyarrow", "pydantic")


def loaded_by(code: str) -> set[str]:
    """Which of the heavy packages a fresh interpreter has loaded after ``code``."""
    program = f"import sys; {code}; print(*[name for name in {HEAVY} if name in sys.modules])"
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, capture_output=True, check=True, text=True)
    return set(run.stdout.split())


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import framegate.quality", set()),
        ("from framegate.quality import DEFINITIONS, DEFAULT_METRICS", set()),
        ("from framegate.quality.metrics.ssim import ssim_rgb", set()),
        ("from framegate.quality import psnr, ssim_rgb, ms_ssim_rgb, flicker", set()),
        ("from framegate.quality import warp_error, tof", {"cv2"}),
        ("from framegate.quality import METRICS, ClipScore, score", {"av", "cv2"}),
    ],
)
def test_an_import_loads_only_what_it_needs(code: str, expected: set[str]) -> None:
    assert loaded_by(code) <= expected


def test_every_exported_name_exists() -> None:
    assert all(hasattr(framegate.quality, name) for name in framegate.quality.__all__)


@pytest.mark.parametrize("name", ["sssim", "steps"])
def test_an_unknown_name_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
        getattr(framegate.quality, name)


def test_every_definition_has_a_metric_in_the_same_order() -> None:
    assert list(METRICS) == list(DEFINITIONS)
