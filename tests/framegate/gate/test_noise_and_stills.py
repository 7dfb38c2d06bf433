"""Candidates that are no video: rules on clips alone report them, and let a video pass."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from framegate.generator.scene.render import render
from framegate.generator.scene.scene import scene_of
from tests.framegate.gate.gate_runs import failing_rules, run_gate
from tests.videos import write_video

BAND = "motion_amount_v1.band"
PROMPTS, FRAMES, FPS = 10, 6, 24
POLICY = f"""\
version: 1
minimum_prompts: {PROMPTS}
unmatched_share: 0
tolerated_broken_share: 0.3
metrics:
  noise_v1: {{margin: 1}}
  motion_coherence_v1: {{margin: 0.1}}
  motion_amount_v1: {{band: {{spreads: 0.8, margin: 8}}}}
"""

Pixels = NDArray[np.uint8]
Film = list[Pixels]


def scene(number: int) -> Film:
    painted = scene_of("three golden stars orbiting over the sea", number)
    return [render(painted, n / FPS, width=128, height=96) for n in range(FRAMES)]


def white_noise(film: Sequence[Pixels], number: int) -> Film:
    random = np.random.default_rng(number)
    return [random.integers(0, 256, frame.shape, np.uint8) for frame in film]


def still(film: Sequence[Pixels], _: int) -> Film:
    return [film[0]] * len(film)


def in_turns(film: Sequence[Pixels], _: int) -> Film:
    return [frame[::-1, ::-1] if n % 2 else frame for n, frame in enumerate(film)]


def brighter(film: Sequence[Pixels], _: int) -> Film:
    return [np.minimum(frame, 252) + np.uint8(3) for frame in film]


def write_folder(folder: Path, change: Callable[[Sequence[Pixels], int], Film] | None) -> Path:
    folder.mkdir()
    for n in range(PROMPTS):
        film = change(scene(n), n) if change else scene(n)
        write_video(folder / f"{n:04}.mp4", film, fps=FPS)
    return folder


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("sides") / "baseline", None)


@pytest.mark.parametrize(
    ("change", "exit_code", "rules"),
    [
        (brighter, 0, set()),
        (white_noise, 1, {"noise_v1.margin", "motion_coherence_v1.margin", BAND}),
        (still, 1, {BAND}),
        (in_turns, 1, {"motion_coherence_v1.margin"}),
    ],
    ids=["video", "noise", "still", "in turns"],
)
def test_only_a_video_passes(
    baseline: Path,
    tmp_path: Path,
    change: Callable[[Sequence[Pixels], int], Film],
    exit_code: int,
    rules: set[str],
) -> None:
    policy = tmp_path / "gate.yaml"
    policy.write_text(POLICY)
    candidate = write_folder(tmp_path / "candidate", change)
    found = run_gate(str(baseline), str(candidate), tmp_path / "out", policy=policy)
    assert found.exit_code == exit_code, found.stdout + found.stderr
    assert rules <= failing_rules(tmp_path / "out")
