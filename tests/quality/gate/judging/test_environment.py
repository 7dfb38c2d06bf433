"""Sides that other scorers scored: allowed where the scorers were measured to agree."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from framegate.quality.gate.evidence.archive import Archive, load_record
from framegate.quality.gate.evidence.evidence import Clip, Evidence, Rescoring
from framegate.quality.gate.evidence.fingerprint import SAMPLING
from framegate.quality.gate.judging.document import (
    document_of,
    dump_document,
    read_document,
    replay_document,
)
from framegate.quality.gate.judging.judge import GateResult, judge
from framegate.quality.gate.policy.policy import PolicyFile
from framegate.telemetry.platform.verdict import Verdict
from tests.commands import CommandResult, run_command
from tests.quality.gate.made_evidence import HEAD, LPIPS, NOW, SSIM, clips, policy, without
from tests.videos import moving_frames, write_video

ELSEWHERE = {"scorer.cpu": "EPYC, 4 threads", "scorer.packages.numpy": "2.4.6", SAMPLING: "2"}
HERE = {"scorer.cpu": "Xeon, 2 threads", "scorer.packages.numpy": "2.4.7", SAMPLING: "2"}
SHIFTS = {SSIM: 0.0004, LPIPS: 0.0}  # a twentieth of SSIM's margin of 0.01 is 0.0005


def measured(
    shift: Mapping[str, float] = SHIFTS,
    *,
    count: int = 5,
    scorer: Mapping[str, str] = HERE,
    environments: tuple[Mapping[str, str], Mapping[str, str]] = (ELSEWHERE, HERE),
    again: tuple[Clip, ...] | None = None,
    rules: PolicyFile | None = None,
) -> GateResult:
    """A baseline from elsewhere, of which some clips were scored again."""
    old = clips()
    moved = tuple(
        replace(
            one,
            values={name: value + shift.get(name, 0.0) for name, value in one.values.items()},
        )
        for one in old[:count]
    )
    rescored = Rescoring(scorer, moved if again is None else again)
    baseline = Evidence("old", "a test", environments[0], old, rescored=rescored)
    candidate = Evidence("new", "a test", environments[1], clips())
    return judge(baseline, candidate, (rules or policy()).policy, at=NOW)


def test_scorers_that_agree_are_allowed_and_the_measurement_is_said() -> None:
    found = measured()
    assert found.verdict is Verdict.PASS, found.reason
    said = found.checks[0].reason
    assert said.startswith("the scorers differ (scorer.cpu (EPYC, 4 threads and Xeon, 2 threads)")
    assert said.endswith("agree on 5 re-scored clips to within 4.00% of the margin of " + SSIM)


@pytest.mark.parametrize(
    ("shift", "said"),
    [
        ({SSIM: 0.0006}, f"{SSIM} of the same clip differs by up to 0.0006"),
        ({SSIM: -0.0006}, f"{SSIM} of the same clip differs by up to 0.0006"),
        ({LPIPS: 0.002}, f"{LPIPS} of the same clip differs by up to 0.002"),
    ],
)
def test_scorers_that_differ_are_inconclusive_by_measure(
    shift: dict[str, float], said: str
) -> None:
    found = measured(shift)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "scorer.cpu (EPYC, 4 threads and Xeon, 2 threads)" in found.reason
    assert said in found.reason


def test_the_smallest_margin_of_a_metric_counts() -> None:
    rules = policy(f"{HEAD}metrics: {{{SSIM}: {{margin: 0.01, categories: {{margin: 0.005}}}}}}")
    found = measured({SSIM: 0.0004}, rules=rules)
    assert "more than a twentieth of 0.005" in found.reason
    limits = policy(f"{HEAD}metrics: {{{SSIM}: {{floor: 0.5}}}}")
    assert measured({SSIM: 0.4}, rules=limits).verdict is Verdict.PASS  # the candidate's own values


@pytest.mark.parametrize("name", [SAMPLING, "host", "model_service.gpu", "sampler"])
def test_other_differences_are_not_measured(name: str) -> None:
    found = measured({}, environments=({**ELSEWHERE, name: "8"}, {**HERE, name: "3"}))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert f"{name} (8 and 3)" in found.reason
    assert "agree" not in found.reason


def test_two_clips_are_too_few() -> None:
    found = measured(count=2)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "2 kept clips could be scored again to compare the scorers, 3 needed" in found.reason
    twice = tuple(clips()[:1]) * 5
    assert measured(again=twice).verdict is Verdict.INCONCLUSIVE


def test_another_scorers_measurement_says_nothing() -> None:
    found = measured(scorer={**HERE, "scorer.cpu": "a third"})
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "no kept clips were scored again" in found.reason


def test_a_scorer_that_decodes_other_frames_is_inconclusive() -> None:
    other = tuple(
        replace(one, values=old.values) for one, old in zip(clips(), clips(), strict=True)
    )
    found = measured(again=other[:5])  # made anew, so with digests of their own
    assert "the scorers do not decode prompt 0 alike" in found.reason


def test_a_value_that_only_one_scorer_has_is_inconclusive() -> None:
    old = clips()
    rescored = Rescoring(HERE, without(old, SSIM, reason="no motion", only=2)[:5])
    baseline = Evidence("old", "a test", ELSEWHERE, old, rescored=rescored)
    found = judge(baseline, Evidence("new", "a test", HERE, clips()), policy().policy, at=NOW)
    assert f"the scorers do not both have a value of {SSIM}" in found.reason


def test_a_verdict_replays_with_its_measurement_and_not_with_another(tmp_path: Path) -> None:
    old = clips()
    baseline = Evidence("old", "a test", ELSEWHERE, old, rescored=Rescoring(HERE, old[:5]))
    candidate = Evidence("new", "a test", HERE, clips())
    document = document_of(judge(baseline, candidate, policy().policy, at=NOW), policy())
    path = tmp_path / "verdict.json"
    path.write_bytes(dump_document(document))
    assert replay_document(read_document(path)).verdict is Verdict.PASS
    whole = json.loads(path.read_text())
    whole["baseline"]["rescored"]["clips"][0]["values"][SSIM] += 0.1
    path.write_text(json.dumps(whole))
    done = run_command("gate", "explain", str(path))
    assert done.exit_code == 2
    assert "its own evidence gives INCONCLUSIVE" in done.stderr


RULES = f"{HEAD}metrics: {{blur_v1: {{margin: 0.02}}, luma_drift_v1: {{margin: 2}}}}\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of clips as candidate, a policy, and a record of a baseline that keeps its clips."""
    folder = tmp_path_factory.mktemp("scorers")
    (folder / "gate.yaml").write_text(RULES)
    for name, crf in (("old", "10"), ("new", "11")):
        (folder / name).mkdir()
        for prompt in range(8):
            frames = moving_frames(6, seed=prompt)
            write_video(folder / name / f"{prompt}.mp4", frames, crf=crf, fps=8)
    done = run_command(
        *("baseline", "record", str(folder / "old"), "--to", str(folder / "kept")),
        *("--metrics", "blur_v1,luma_drift_v1", "--out", str(folder / "recording")),
        *("--processes", "1"),
    )
    assert done.exit_code == 0, done.stderr
    return folder


def judged_against(
    place: Path, tmp_path: Path, *, shift: float = 0.0, environment: Mapping[str, str] | None = None
) -> tuple[CommandResult, Path]:
    """The candidate against the record as another machine would have made it."""
    shutil.copytree(place / "kept", tmp_path / "kept")
    _, found = load_record(str(place / "kept"))
    values = tuple(
        replace(clip, values={name: value + shift for name, value in clip.values.items()})
        for clip in found.clips
    )
    names = {**found.environment, "scorer.cpu": "EPYC, 4 threads", **(environment or {})}
    moved = Archive(str(tmp_path / "kept")).record(
        replace(found, environment=names, clips=values), name="moved"
    )
    assert moved.id != found.id
    done = run_command(
        *("gate", "run", "--baseline", f"{tmp_path}/kept@moved", "--processes", "1"),
        *("--candidate", str(place / "new"), "--policy", str(place / "gate.yaml")),
        *("--out", str(tmp_path / "out")),
    )
    return done, tmp_path / "out" / "verdict.json"


def test_a_record_of_another_machine_whose_values_are_right_is_judged(
    place: Path, tmp_path: Path
) -> None:
    done, verdict = judged_against(place, tmp_path)
    assert done.exit_code == 0, done.stdout + done.stderr
    reason = json.loads(verdict.read_text())["checks"][0]["reason"]
    assert "but agree on 5 re-scored clips to within" in reason
    shutil.rmtree(tmp_path / "kept")
    assert run_command("gate", "explain", str(verdict)).exit_code == 0  # without its clips


def test_a_record_of_another_machine_whose_values_are_not_is_inconclusive(
    place: Path, tmp_path: Path
) -> None:
    done, _ = judged_against(place, tmp_path, shift=0.002)
    assert done.exit_code == 3, done.stdout + done.stderr
    said = " ".join(done.stdout.split())
    assert "EPYC, 4 threads" in said
    assert "blur_v1 of the same clip differs by up to 0.002, more than a twentieth of 0.02" in said


def test_other_frames_for_lpips_are_not_measured(place: Path, tmp_path: Path) -> None:
    done, verdict = judged_against(place, tmp_path, environment={SAMPLING: "8"})
    assert done.exit_code == 3
    assert json.loads(verdict.read_text())["baseline"]["rescored"] is None
