"""Real faults are caught and named: each drill model's recorded clips against the sound model's."""

import re
import shutil
from pathlib import Path

import pytest

from tests.commands import run_command
from tests.framegate.gate.conftest import Recordings
from tests.framegate.gate.gate_runs import failing_rules, run_gate

# One of them makes and scores the recordings: a minute on two quiet cores.
pytestmark = pytest.mark.timeout(900)

FAULTS = {
    "drill-steps": {"lpips_alex_v0.1.relative_margin"},
    "drill-noise": {"flicker_fr_v1.relative_margin"},
    "drill-coarse": {"ssim_wang_rgb_v1.margin", "lpips_alex_v0.1.relative_margin"},
    "drill-frozen": {"freeze_v1.margin"},
    "drill-category": {"ssim_wang_rgb_v1.categories.orbit"},
}


@pytest.mark.parametrize("model", FAULTS)
def test_a_real_fault_is_caught_and_named(
    model: str, recordings: Recordings, rules: Path, tmp_path: Path
) -> None:
    done = run_gate(
        recordings.of("ref-1"), recordings.of(model), tmp_path, policy=rules / "gate.yaml"
    )
    assert done.exit_code == 1, done.stdout + done.stderr
    assert "FAIL: " in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert failing_rules(tmp_path) >= FAULTS[model]


# One claim: few clips on a busy machine show no harm beside many others.
TIMES = """\
version: 1
minimum_prompts: 8
unmatched_share: 0
metrics:
  ssim_wang_rgb_v1: {floor: 0.5}
  lpips_alex_v0.1: {ceiling: 0.5}
  flicker_fr_v1: {ceiling: 5}
  freeze_v1: {ceiling: 1}
  frame_time_v1: {relative_margin: 0.1}
"""


def test_slower_frames_are_caught_beside_a_baseline_made_in_turns(
    recordings: Recordings, tmp_path: Path
) -> None:
    policy = tmp_path / "times.yaml"
    policy.write_text(TIMES)
    done = run_gate(recordings.of("ref-1"), recordings.of("drill-slow"), tmp_path, policy=policy)
    assert done.exit_code == 1, done.stdout + done.stderr
    assert failing_rules(tmp_path) == {"frame_time_v1.relative_margin"}


def test_flicker_that_ssim_does_not_see(
    recordings: Recordings, rules: Path, tmp_path: Path
) -> None:
    run_gate(
        recordings.of("ref-1"), recordings.of("drill-noise"), tmp_path, policy=rules / "gate.yaml"
    )
    assert not [rule for rule in failing_rules(tmp_path) if rule.startswith("ssim")]


@pytest.fixture
def coarse(recordings: Recordings, rules: Path, tmp_path: Path) -> Path:
    """The reports on a model that fails."""
    sides = recordings.of("ref-1"), recordings.of("drill-coarse")
    run_gate(*sides, tmp_path / "coarse", policy=rules / "gate.yaml")
    return tmp_path / "coarse"


def test_reports_stand_beside_the_verdict(coarse: Path) -> None:
    names = {path.name for path in coarse.iterdir() if path.is_file()}
    assert names == {
        "verdict.json",
        "verdict.md",
        "verdict.sarif",
        "junit.xml",
        "annotations.txt",
    }


def test_a_verdict_explains_itself_anywhere(coarse: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone" / "verdict.json"
    alone.parent.mkdir()
    shutil.move(coarse / "verdict.json", alone)
    done = run_command("gate", "explain", str(alone), cwd=alone.parent)
    assert done.exit_code == 1
    assert "p-value of 'not worse than the limit'" in done.stdout
    alone.write_text(alone.read_text().replace('"verdict": "FAIL"', '"verdict": "PASS"', 1))
    forged = run_command("gate", "explain", str(alone))
    assert (forged.exit_code, forged.stdout) == (2, "")
    assert "the document says PASS, but its own evidence gives FAIL" in forged.stderr


def test_the_page_holds_the_clips(recordings: Recordings, rules: Path, tmp_path: Path) -> None:
    sides = recordings.of("ref-1"), recordings.of("drill-category")
    run_gate(*sides, tmp_path, policy=rules / "gate.yaml")
    page = tmp_path / "report.html"
    done = run_command("gate", "report", str(tmp_path / "verdict.json"), str(page))
    assert done.exit_code == 0
    text = page.read_text()
    assert text.count("data:video/mp4;base64,") >= 9
    assert text.count("data:image/png;base64,") >= 9
    first = text.index('<section class="prompt">')
    assert re.search(r"orbit|circling", text[first : first + 200])
