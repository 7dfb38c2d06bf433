"""Candidates whose truth is known, as folders judged by the built-in ``no-reference`` policy."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from framegate.generator.scene.render import render
from framegate.generator.scene.scene import scene_of
from framegate.quality.gate.evidence.clip_scoring import score_all
from framegate.quality.gate.evidence.evidence import Evidence
from framegate.quality.gate.evidence.folders import ClipFolder, clip_files, evidence_of_folder
from framegate.quality.gate.judging.judge import GateResult, judge
from framegate.quality.gate.policy.policy import POLICIES, load_policy
from framegate.quality.gate.policy.suite import load_suite
from framegate.quality.scoring.pools import Pool, local_pool
from framegate.telemetry.platform.verdict import Verdict
from tests.videos import write_video

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
PROMPTS, FRAMES, FPS, SIDE = 30, 10, 8, 96
FEW = 3  # of the prompts
POLICY = load_policy(POLICIES["no-reference"]).policy
AT = datetime(2026, 11, 25, tzinfo=UTC)

Pixels = NDArray[np.uint8]
Film = Sequence[NDArray[Any]]
Change = Callable[[Film, int], Film]


@cache
def film_of(number: int, seed: int) -> Film:
    prompts = list(dict.fromkeys(one.prompt for one in load_suite().clips))
    scene = scene_of(prompts[number], seed)
    return [render(scene, n / FPS, width=SIDE, height=SIDE) for n in range(FRAMES)]


def on_pixels(change: Callable[[NDArray[np.float64], int], NDArray[np.float64]]) -> Change:
    def changed(film: Film, _: int) -> Film:
        frames = (change(frame.astype(float), n) for n, frame in enumerate(film))
        return [np.clip(np.rint(frame), 0, 255).astype(np.uint8) for frame in frames]

    return changed


def blurred(sigma: float) -> Change:
    return lambda film, _: [cv2.GaussianBlur(frame, (0, 0), sigma) for frame in film]


def flickering(levels: float) -> Change:
    return on_pixels(lambda frame, n: frame + (levels if n % 2 else -levels))


def white_noise(film: Film, number: int) -> Film:
    random = np.random.default_rng(number)
    return [random.integers(0, 256, frame.shape, np.uint8) for frame in film]


def frozen_third(film: Film, _: int) -> Film:
    last = 2 * len(film) // 3
    return [*film[:last], *([film[last]] * (len(film) - last))]


def flat(level: int) -> Change:
    return on_pixels(lambda frame, _: np.full_like(frame, level))


def only_few(change: Change) -> Change:
    return lambda film, number: change(film, number) if number < FEW else film


@dataclass(frozen=True, slots=True)
class Candidate:
    """How a folder is made of the baseline's films, and which verdicts are right."""

    right: tuple[Verdict, ...]
    rule: str = ""  # which is named in the reason
    change: Change = lambda film, _: film
    crf: int = 20
    fps: int = FPS
    seed: int = 1


CANDIDATES = {
    "encoded anew": Candidate((PASS,), crf=21),
    "slightly lower bit rate": Candidate((PASS,), crf=24),
    "visible compression": Candidate((FAIL,), crf=44),
    "blur 1": Candidate((FAIL, OPEN), "blur_v1", blurred(1)),
    "blur 3": Candidate((FAIL,), "blur_v1", blurred(3)),
    "flicker of 3 levels": Candidate((FAIL,), "flicker_nr_v1", flickering(3)),
    "flicker of 8 levels": Candidate((FAIL,), "flicker_nr_v1", flickering(8)),
    "last third frozen": Candidate((FAIL,), "freeze_v1", frozen_third),
    "last third of few frozen": Candidate((FAIL, OPEN), "freeze_v1", only_few(frozen_third)),
    "all still": Candidate((FAIL,), "freeze_v1", lambda film, _: [film[0]] * len(film)),
    "all black": Candidate((FAIL,), "black_v1", flat(0)),
    "all grey": Candidate((FAIL,), "freeze_v1", flat(128)),
    "few black": Candidate((FAIL, OPEN), "black_v1", only_few(flat(0))),
    "few of white noise": Candidate((FAIL, OPEN), "noise_v1", only_few(white_noise)),
    "all of white noise": Candidate((FAIL,), "noise_v1", white_noise),
    "a quarter shorter": Candidate((FAIL,), "delivery", lambda film, _: film[: FRAMES * 3 // 4]),
    "two frames": Candidate((FAIL,), "delivery", lambda film, _: film[:2]),
    "one frame": Candidate((FAIL, OPEN), "", lambda film, _: film[:1]),
    "played back again": Candidate((FAIL,), "delivery", lambda film, _: [*film, *film[::-1]]),
    "another size": Candidate(
        (FAIL,), "delivery.size", lambda film, _: [cv2.resize(one, (120, 120)) for one in film]
    ),
    "another frame rate": Candidate((FAIL,), "delivery", fps=12),
    "one clip for every prompt": Candidate(
        (OPEN, FAIL), "identity.prompts", lambda *_: film_of(0, 1)
    ),
    "other clips of an equal model": Candidate((PASS, OPEN), seed=2),
}


def write_folder(folder: Path, how: Candidate) -> Path:
    folder.mkdir()
    for number in range(PROMPTS):
        film = how.change(film_of(number, how.seed), number)
        path = folder / f"{number:04}_prompt.mp4"
        write_video(path, film, fps=how.fps, crf=str(how.crf), pixel_format="yuv420p")
    return folder


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with local_pool(2) as started:
        yield started


def scored(folder: Path, pool: Pool) -> Evidence:
    clips = clip_files(ClipFolder(folder), POLICY.scored_metrics)
    metrics = POLICY.scored_metrics
    found = score_all(clips, metrics, pool=pool, archive=None, done=lambda _: None)
    return evidence_of_folder(ClipFolder(folder), found)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The folder, and its evidence."""

    folder: Path
    evidence: Evidence
    pool: Pool

    def judge(self, candidate: Path) -> GateResult:
        return judge(self.evidence, scored(candidate, self.pool), POLICY, at=AT)


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory, pool: Pool) -> Baseline:
    folder = write_folder(tmp_path_factory.mktemp("sides") / "old", Candidate((PASS,)))
    return Baseline(folder, scored(folder, pool), pool)


@pytest.mark.parametrize("name", CANDIDATES)
def test_every_candidate_has_its_right_verdict(
    baseline: Baseline, tmp_path: Path, name: str
) -> None:
    candidate = CANDIDATES[name]
    found = baseline.judge(write_folder(tmp_path / "new", candidate))
    assert found.verdict in candidate.right, found.reason
    deciding = [str(check.rule) for check in found.checks if check.blocks]
    assert any(candidate.rule in rule for rule in deciding) or found.verdict is PASS, found.reason


def copy_with(baseline: Baseline, folder: Path, change: Callable[[Path], object]) -> Path:
    """A copy of a slightly other encoding, changed."""
    write_folder(folder, CANDIDATES["encoded anew"])
    change(folder)
    return folder


FIRST = "0000_prompt.mp4"
BROKEN_FOLDERS: dict[str, Callable[[Path], object]] = {
    "one clip missing": lambda folder: (folder / FIRST).unlink(),
    "one clip more": lambda folder: shutil.copy(folder / FIRST, folder / "9999_other.mp4"),
    "half a file": lambda folder: (folder / FIRST).write_bytes((folder / FIRST).read_bytes()[:999]),
    "an empty file": lambda folder: (folder / FIRST).write_bytes(b""),
    "a page in place of a video": lambda folder: (folder / FIRST).write_text("<html>not found"),
}


@pytest.mark.parametrize("name", BROKEN_FOLDERS)
def test_what_is_missing_or_broken_is_named_and_never_passes(
    baseline: Baseline, tmp_path: Path, name: str
) -> None:
    found = baseline.judge(copy_with(baseline, tmp_path / "new", BROKEN_FOLDERS[name]))
    assert found.verdict is OPEN
    assert "0000_prompt" in found.reason or "9999_other" in found.reason


def test_the_same_bytes_in_another_folder_were_not_tested(
    baseline: Baseline, tmp_path: Path
) -> None:
    shutil.copytree(baseline.folder, tmp_path / "new")
    found = baseline.judge(tmp_path / "new")
    assert found.verdict is OPEN
    assert "show the same frames as the baseline's" in found.reason
    blocking = {check.rule.kind.value for check in found.checks if check.blocks}
    assert blocking == {"identity"}  # no metric that abstains alike on both sides


def test_an_ending_in_capitals_is_the_same_clip(baseline: Baseline, tmp_path: Path) -> None:
    def rename(folder: Path) -> None:
        for path in list(folder.iterdir()):
            path.rename(path.with_suffix(".MP4"))

    assert baseline.judge(copy_with(baseline, tmp_path / "new", rename)).verdict is PASS
