"""A baseline recorded from a running generator: shown, verified, and what is held against it."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from framegate.quality.gate.evidence.archive import Archive, load_record
from tests.commands import run_command
from tests.framegate.gate.conftest import Recordings, RunningGenerator
from tests.framegate.gate.gate_runs import ONE, POLICY, run_gate, verdict_document

# One of them makes and scores the recordings: a minute on two quiet cores.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the baseline is."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def baseline(generator: RunningGenerator, rules: Path, kept: Path) -> str:
    """A recorded baseline, named by its content."""
    done = run_command(
        *("baseline", "record", "ref-1", "--to", str(kept / "baselines")),
        *("--generator", generator.url, "--suite", str(rules / "suite.yaml")),
        *("--out", str(kept / "recording"), *ONE),
    )
    assert done.exit_code == 0, done.stderr
    assert re.fullmatch(rf"{kept}/baselines@sha256:[0-9a-f]{{64}}\n", done.stdout)
    return done.stdout.strip()


def test_a_baseline_is_shown_and_verified(baseline: str) -> None:
    shown = run_command("baseline", "show", baseline)
    assert shown.exit_code == 0
    assert "ssim_wang_rgb_v1" in shown.stdout
    assert "model.weights_sha256" in shown.stdout
    facts = json.loads(run_command("baseline", "show", baseline, "--json").stdout)
    assert (facts["clips"], facts["prompts"], facts["name"]) == (8, 8, "ref-1")
    assert facts["measures"]["cost_per_minute_v1"] > 0
    whole = run_command("baseline", "verify", baseline)
    assert (whole.exit_code, ": intact" in whole.stdout) == (0, True)


def test_a_changed_baseline_is_seen(kept: Path, baseline: str, tmp_path: Path) -> None:
    assert baseline
    copy = tmp_path / "baselines"
    shutil.copytree(kept / "baselines", copy)
    largest = max((copy / "objects").rglob("*/*"), key=lambda path: path.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[len(data) // 2] ^= 1
    largest.write_bytes(data)
    done = run_command("baseline", "verify", str(copy))
    assert done.exit_code == 1
    assert largest.name in done.stdout


def test_a_baseline_of_another_machine_is_inconclusive(
    rules: Path, baseline: str, recordings: Recordings, tmp_path: Path
) -> None:
    _, evidence = load_record(baseline)
    moved = {**evidence.environment, "scorer.packages.torch": "2.1.0"}
    elsewhere = Archive(str(tmp_path / "moved")).record(replace(evidence, environment=moved))
    done = run_gate(
        elsewhere.source, recordings.of("drill-coarse"), tmp_path, policy=rules / "gate.yaml"
    )
    assert done.exit_code == 3
    assert "scorer.packages.torch (2.1.0 and" in " ".join(done.stdout.split())


def test_times_of_different_runs_say_nothing(
    baseline: str, recordings: Recordings, tmp_path: Path
) -> None:
    policy = tmp_path / "gate.yaml"
    policy.write_text(POLICY.replace("environment: {may_differ: [times]}", ""))
    done = run_gate(baseline, recordings.of("ref-1"), tmp_path, policy=policy)
    assert done.exit_code == 3
    assert "timings come from different runs" in " ".join(done.stdout.split())


@pytest.mark.parametrize(("model", "code"), [("ref-1", 0), ("drill-steps", 0), ("drill-coarse", 1)])
def test_clips_are_held_against_the_baselines_own(
    model: str, code: int, baseline: str, recordings: Recordings, tmp_path: Path
) -> None:
    policy = tmp_path / "gate.yaml"
    policy.write_text(
        "version: 1\nminimum_prompts: 8\nunmatched_share: 0\ntolerated_broken_share: 0.35\n"
        "metrics: {golden.ssim_wang_rgb_v1: {margin: 0.05, floor: 0.9}}\n"
    )
    done = run_gate(baseline, recordings.of(model), tmp_path, policy=policy)
    assert done.exit_code == code, done.stdout + done.stderr
    checks = verdict_document(tmp_path)["checks"]
    (check,) = [one for one in checks if one["rule"].endswith(".margin")]
    assert check["baseline"] == 1.0
    assert (check["candidate"] == pytest.approx(1.0, abs=1e-9)) == (model == "ref-1")


def test_a_clip_that_is_gone_cannot_be_held_against_anything(
    baseline: str, recordings: Recordings, tmp_path: Path
) -> None:
    copy = tmp_path / "evidence"
    shutil.copytree(recordings.archive, copy)
    shutil.rmtree(copy / "objects")
    policy = tmp_path / "gate.yaml"
    policy.write_text(
        "version: 1\nminimum_prompts: 8\nunmatched_share: 0\ntolerated_broken_share: 0.35\n"
        "metrics: {golden.ssim_wang_rgb_v1: {margin: 0.05}}\n"
    )
    done = run_gate(baseline, f"{copy}@drill-steps", tmp_path, policy=policy)
    assert done.exit_code == 3
    gone = f"(candidate: its clip is not in {copy}@sha256:"
    assert gone in verdict_document(tmp_path)["reason"]
