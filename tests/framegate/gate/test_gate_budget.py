"""The error budget's say in a release, asked of a real engine over real events."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from framegate.quality.gate.evidence.archive import Archive
from framegate.telemetry.sdk.sdk import start_telemetry
from framegate.telemetry.signals import names
from framegate.telemetry.signals.names import JobState
from tests.commands import run_command
from tests.conftest import RunningCollector
from tests.quality.gate.made_evidence import SSIM, clips, side

POLICY = (
    "version: 1\nminimum_prompts: 8\nunmatched_share: 0\ntolerated_broken_share: 0.35\n"
    f"metrics: {{{SSIM}: {{margin: 0.01}}}}\n"
    "error_budget: {objectives: [interactive-success], change: feature}\n"
)


def send_jobs(url: str, count: int, state: JobState) -> None:
    telemetry = start_telemetry("generator", endpoint=url)
    for number in range(count):
        telemetry.event(
            names.EVENT_JOB_STATE,
            {
                names.JOB_ID: f"{state}{number}",
                names.JOB_STATE: state.value,
                names.WORKLOAD: "interactive",
                names.MODEL: "m1",
            },
            timestamp_ns=time.time_ns(),
        )
    telemetry.shutdown()


@pytest.fixture
def ask(tmp_path: Path) -> list[str]:
    """A gate that passes but for the budget."""
    archive = Archive(str(tmp_path / "kept"))
    for name in ("old", "new"):
        archive.record(replace(side(clips(prompts=20)), name=name), name=name)
    (tmp_path / "gate.yaml").write_text(POLICY)
    return [
        *("gate", "run", "--policy", str(tmp_path / "gate.yaml")),
        *("--baseline", f"{archive.root}@old", "--candidate", f"{archive.root}@new"),
    ]


def test_a_budget_that_nobody_was_asked_for_is_no_pass(ask: list[str]) -> None:
    done = run_command(*ask)
    assert done.exit_code == 3
    assert "error_budget: error budget not checked" in done.stdout


def test_a_service_without_traffic_has_no_budget_to_show(
    ask: list[str], judged_collector: RunningCollector
) -> None:
    done = run_command(*ask, "--collector", judged_collector.url)
    assert done.exit_code == 3
    assert "error_budget: interactive-success" in done.stdout


@pytest.mark.parametrize(
    ("state", "code"), [(JobState.COMPLETE, 0), (JobState.FAILED, 1)], ids=["left", "spent"]
)
def test_a_spent_budget_stops_a_release(
    state: JobState, code: int, ask: list[str], judged_collector: RunningCollector
) -> None:
    send_jobs(judged_collector.url, 300, state)
    done = run_command(*ask, "--collector", judged_collector.url)
    assert done.exit_code == code, done.stdout + done.stderr
    assert ("error_budget: interactive-success" in done.stdout) == (code == 1)


def test_an_engine_that_does_not_answer_is_no_pass(ask: list[str]) -> None:
    done = run_command(*ask, "--collector", "http://127.0.0.1:9")
    assert done.exit_code == 3
    assert "the SLO engine does not answer" in done.stdout.replace("\n", " ")


def test_an_objective_that_there_is_not_is_an_error(
    ask: list[str], judged_collector: RunningCollector, tmp_path: Path
) -> None:
    policy = tmp_path / "gate.yaml"
    policy.write_text(POLICY.replace("interactive-success", "interactive-sucess"))
    done = run_command(*ask, "--collector", judged_collector.url)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "interactive-sucess" in done.stderr
