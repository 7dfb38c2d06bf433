"""Runs of the gate that make their clips now: equal models, a killed run, a service that dies."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from framegate.local.children import Child, start_child, stop_children
from tests.commands import run_command
from tests.framegate.gate.conftest import RunningGenerator
from tests.framegate.gate.gate_runs import ONE, run_gate, verdict_document


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--baseline", "./nowhere", "--candidate", "ref-1"],
            "is not a recorded baseline or a folder of clips",
        ),
        (["--baseline", "ref-1", "--candidate", "ref-9"], "'ref-9' is unknown"),
        (["--baseline", "ref-1", "--candidate", "ref-1", "--policy", "no.yaml"], "no.yaml"),
        (["--baseline", "ref-1", "--candidate", "ref-1", "--suite", "no.yaml"], "no.yaml"),
        (["--baseline", "ref-1", "--candidate", "ref-1", "--waivers", "no.yaml"], "no.yaml"),
    ],
)
def test_what_cannot_be_judged_is_said(
    arguments: list[str], said: str, generator: RunningGenerator, tmp_path: Path
) -> None:
    done = run_command("gate", "run", *arguments, "--generator", generator.url, cwd=tmp_path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_generator_that_is_not_there_is_no_verdict(tmp_path: Path) -> None:
    url = "http://127.0.0.1:9"
    done = run_command(
        *("gate", "run", "--baseline", "ref-1", "--candidate", "ref-1", "--generator", url),
        cwd=tmp_path,
    )
    assert (done.exit_code, done.stdout) == (4, "")
    assert url in done.stderr


def jobs(url: str) -> list[dict[str, Any]]:
    return list(httpx.get(f"{url}/v1/videos", timeout=30).json()["data"])


@pytest.fixture
def own_generator(tmp_path: Path) -> Iterator[Child]:
    """A generator that a test may end, and whose jobs are all this test's."""
    place = ["--artifacts", str(tmp_path / "clips"), "--spool", str(tmp_path / "spool")]
    child = start_child("generator", ["generator", *place], log=tmp_path / "log", environment={})
    try:
        child.wait_ready()
        yield child
    finally:
        stop_children([child])


def running_gate(
    url: str, out: Path, rules: Path, *, candidate: str = "drill-steps"
) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "framegate"),
            *("gate", "run", "--baseline", "ref-1", "--candidate", candidate),
            *("--generator", url, "--out", str(out), "--suite", str(rules / "suite.yaml")),
            *("--policy", str(rules / "gate.yaml"), *ONE),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_clips(url: str, count: int, process: "subprocess.Popen[str]") -> None:
    while sum(job["status"] == "completed" for job in jobs(url)) < count:
        assert process.poll() is None


def test_a_killed_run_goes_on_where_it_was_and_an_equal_model_passes(
    own_generator: Child, rules: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    process = running_gate(own_generator.url, out, rules, candidate="ref-1")
    wait_for_clips(own_generator.url, 9, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    kept = len(list((out / "partial").rglob("*.json")))
    assert kept >= 5
    before = len(jobs(own_generator.url))
    again = running_gate(own_generator.url, out, rules, candidate="ref-1")
    said, _ = again.communicate(timeout=200)
    assert again.returncode == 0, said
    assert "PASS: no metric is worse" in said
    warm_ups = 1  # both sides are one model
    assert len(jobs(own_generator.url)) - before == 2 * 8 - kept + warm_ups
    assert not (out / "partial").exists() or not list((out / "partial").iterdir())
    own_generator.process.kill()
    document = verdict_document(out)
    baseline, candidate = (str(document[side]["source"]) for side in ("baseline", "candidate"))
    without = run_gate(baseline, candidate, tmp_path / "without", policy=rules / "gate.yaml")
    assert without.exit_code == 0
    assert verdict_document(tmp_path / "without")["checks"] == document["checks"]
    # A service that ignores the model would make the same clips.
    unsure = tmp_path / "unsure.yaml"
    unsure.write_text((rules / "gate.yaml").read_text().replace("expected: [clips]", ""))
    same = run_gate(baseline, candidate, tmp_path / "same", policy=unsure)
    assert same.exit_code == 3
    assert "8 of 8 clips show the same frames as the baseline's" in " ".join(same.stdout.split())


def test_a_service_that_dies_is_no_verdict_and_costs_nothing_that_was_made(
    own_generator: Child, rules: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    process = running_gate(own_generator.url, out, rules)
    wait_for_clips(own_generator.url, 7, process)
    own_generator.process.kill()
    said, why = process.communicate(timeout=200)
    assert (process.returncode, said) == (4, "")
    assert own_generator.url in why
    assert len(list((out / "partial").rglob("*.json"))) >= 3
    assert not (out / "verdict.json").exists()
