"""How much of a clip its motion explains, and how much motion that is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from framegate.generator.scene.render import render
from framegate.generator.scene.scene import scene_of
from framegate.quality.metrics.metric import Abstention
from framegate.quality.metrics.motion import Motion, motions
from framegate.quality.metrics.no_reference.flicker_nr import flicker_nr
from framegate.quality.metrics.no_reference.motion_amount import motion_amount
from framegate.quality.metrics.no_reference.motion_coherence import motion_coherence, motion_fit
from framegate.quality.metrics.table import METRICS
from framegate.quality.scoring.score import inspect
from framegate.quality.video.decoder import open_video
from tests.videos import moving_frames, write_video

CARPHONE = Path(__file__).parents[1] / "clips" / "carphone_pristine.mp4"
STARS, BALL = "three golden stars orbiting over the sea", "a red ball bouncing in the snow"
FPS = 24

Plane = NDArray[np.float32]
Frames = Sequence[Plane]


def rendered(prompt: str, *, count: int = 4) -> list[Plane]:
    scene = scene_of(prompt, 1)
    return [
        render(scene, n / FPS, width=256, height=192).mean(axis=2).astype(np.float32)
        for n in range(count)
    ]


def real(*, count: int = 4) -> list[Plane]:
    with open_video(CARPHONE) as video:
        return [next(video.pictures).small_luma for _ in range(count)]


def white(*, count: int = 4) -> list[Plane]:
    random = np.random.default_rng(7)
    return [random.integers(0, 256, (144, 176)).astype(np.float32) for _ in range(count)]


def sliding(*, step: float, count: int = 4, scale: int = 1) -> list[Plane]:
    """A texture that moves to the right by ``step`` times ``scale`` pixels a frame."""
    random = np.random.default_rng(8)
    texture = cv2.GaussianBlur(random.normal(0, 1, (192, 320)).astype(np.float32), (0, 0), 2)
    wide = 128 + 60 * texture / np.abs(texture).max()
    wide = cv2.resize(wide, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    size = (256 * scale, 192 * scale)
    return [
        np.asarray(
            cv2.warpAffine(wide, np.array([[1.0, 0, -20 + step * scale * n], [0, 1, 0]]), size),
            np.float32,
        )
        for n in range(count)
    ]


def readings(frames: Frames, *, seconds: float = 1 / FPS) -> list[tuple[float, float]]:
    """The coherence and the amount of motion of each pair of neighbours."""
    found = []
    for first, second in pairwise(frames):
        onward, _ = motions(first, second)
        fit = motion_fit(first, second, onward)
        found.append((motion_coherence(fit), motion_amount(onward, fit, seconds=seconds)))
    return found


def coherence(frames: Frames) -> float:
    return float(np.mean([value for value, _ in readings(frames)]))


def amount(frames: Frames, *, seconds: float = 1 / FPS) -> float:
    return float(np.mean([value for _, value in readings(frames, seconds=seconds)]))


def changed(frames: Frames, change: Callable[[int, Plane], NDArray[Any]]) -> list[Plane]:
    return [np.asarray(change(n, frame), np.float32) for n, frame in enumerate(frames)]


def test_real_and_rendered_video_is_explained_by_its_motion() -> None:
    for frames in (real(), rendered(STARS), rendered(BALL), sliding(step=3)):
        assert coherence(frames) > 0.9


def test_white_noise_and_scenes_in_turns_are_not() -> None:
    assert coherence(white()) == 0.0
    stars, ball = rendered(STARS), rendered(BALL)
    assert coherence([stars[0], ball[1], stars[2], ball[3]]) < 0.1
    assert coherence([stars[0], stars[0][::-1, ::-1].copy(), stars[2]]) < 0.1


@pytest.mark.parametrize("level", [None, 0.0, 120.0])
def test_a_still_or_flat_picture_is_explained_and_does_not_move(level: float | None) -> None:
    picture = real(count=1)[0] if level is None else np.full((64, 64), level, np.float32)
    assert coherence([picture] * 3) == pytest.approx(1.0, abs=1e-6)
    assert amount([picture] * 3) == 0.0


def test_rounding_does_not_make_a_flat_picture_incoherent() -> None:
    random = np.random.default_rng(3)
    frames = [120 + random.integers(0, 2, (64, 96)).astype(np.float32) for _ in range(3)]
    assert coherence(frames) > 0.9
    assert amount(frames) == 0.0


def test_brightness_and_a_little_noise_change_coherence_little() -> None:
    random = np.random.default_rng(5)
    for frames in (real(), rendered(STARS)):
        clean = coherence(frames)
        shaken = changed(frames, lambda n, frame: frame + (8 if n % 2 else -8))
        noisy = changed(frames, lambda _, frame: frame + random.normal(0, 4, frame.shape))
        assert coherence(shaken) == pytest.approx(clean, abs=0.002)
        assert coherence(noisy) == pytest.approx(clean, abs=0.05)


def test_the_amount_is_the_speed_in_percent_of_the_diagonal_per_second() -> None:
    expected = 100 * 2 * FPS / float(np.hypot(256, 192))
    assert amount(sliding(step=2)) == pytest.approx(expected, rel=0.05)


def test_neither_size_nor_frame_rate_changes_the_amount_of_the_same_motion() -> None:
    plain = amount(sliding(step=2, count=5))
    assert amount(sliding(step=2, scale=2)) == pytest.approx(plain, rel=0.05)
    assert amount(sliding(step=2, count=5)[::2], seconds=2 / FPS) == pytest.approx(plain, rel=0.05)
    assert amount(sliding(step=1)) == pytest.approx(plain / 2, rel=0.05)


def test_white_noise_has_no_motion() -> None:
    assert amount(white()) == 0.0


def test_motion_that_explains_nothing_does_not_count() -> None:
    first, second = sliding(step=2, count=2)
    everywhere = np.ones(first.shape, np.bool_)
    wrong = Motion(np.full((*first.shape, 2), 5, np.float32), everywhere)
    right = Motion(np.dstack([np.full(first.shape, n, np.float32) for n in (2, 0)]), everywhere)
    assert motion_amount(wrong, motion_fit(first, second, wrong), seconds=1.0) == 0.0
    assert motion_amount(right, motion_fit(first, second, right), seconds=1.0) > 0.5


@dataclass
class Shown:
    """What the steps read of a decoded picture."""

    index: int
    seconds: float
    small_luma: Plane
    made: dict[str, Any] = field(default_factory=dict)


def moments(frames: Frames) -> list[Any]:
    return [SimpleNamespace(clip=Shown(n, n / FPS, frame)) for n, frame in enumerate(frames)]


def test_metrics_side_by_side_use_one_motion() -> None:
    frames = sliding(step=2, count=3)
    still = Motion(np.zeros((*frames[0].shape, 2), np.float32), np.ones(frames[0].shape, np.bool_))
    shown = moments(frames)
    for earlier, moment in pairwise(shown):
        moment.clip.made[f"motions from {earlier.clip.index}"] = (still, still)
    last = {}
    for name in ("flicker_nr_v1", "motion_coherence_v1", "motion_amount_v1"):
        memory = None
        for moment in shown:
            memory, last[name] = METRICS[name].update(memory, moment)
    known, reading = None, None
    for frame in frames:
        known, reading = flicker_nr(known, frame, between=(still, still))
    assert reading
    assert last["flicker_nr_v1"] == reading.value
    assert last["motion_amount_v1"] == 0.0
    assert last["motion_coherence_v1"] == motion_coherence(motion_fit(frames[1], frames[2], still))


def test_frames_at_one_time_have_no_speed() -> None:
    shown = moments(sliding(step=2, count=2))
    shown[1].clip.seconds = 0.0
    memory, _ = METRICS["motion_amount_v1"].update(None, shown[0])
    _, value = METRICS["motion_amount_v1"].update(memory, shown[1])
    assert isinstance(value, Abstention)
    assert "time" in value.reason


def test_frames_too_small_for_motion_have_a_reason_and_no_value(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "small.mkv", moving_frames(4, width=16, height=16), codec="ffv1")
    found = inspect(clip).metrics
    for name in ("flicker_nr_v1", "motion_coherence_v1", "motion_amount_v1"):
        assert found[name].value is None
        assert "motion needs 32 pixels" in (found[name].reason or "")
    assert found["noise_v1"].value is not None
