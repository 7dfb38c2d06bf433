"""What alerts would do: formulas against days replayed."""

import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from framegate.cli import app
from framegate.slo.objectives.objective import Objective, load_objectives
from framegate.slo.objectives.summary import DEFAULT_SPECS
from framegate.slo.replay.alert_timing import alert_timing, false_pages_per_month, traffic_faults
from framegate.slo.replay.backtest import backtest
from framegate.slo.replay.lint import findings
from framegate.slo.replay.scenario import Scenario
from framegate.telemetry.sdk.sdk import start_telemetry
from framegate.telemetry.signals import names
from framegate.telemetry.signals.names import JobState
from tests.conftest import RunningCollector
from tests.slo.specs import write


@pytest.fixture
def objective(tmp_path: Path) -> Objective:
    (one,) = load_objectives([write(tmp_path, "jobs", target="0.99")])
    return one


@pytest.mark.parametrize("ratio", [1.0, 0.5, 0.25])
def test_alerts_fire_and_stop_when_the_formulas_say(objective: Objective, ratio: float) -> None:
    trouble = {"name": "t", "at_minute": 6000, "minutes": 700, "bad_ratio": ratio}
    days = Scenario.model_validate({"days": 6, "jobs_per_minute": 2_000, "incidents": [trouble]})
    found = backtest(
        objective, days.objective_series(objective), days.labelled_incidents(), span=days.span
    )
    begun = days.span.first + 6000
    by_name = {one.condition: one for one in found.episodes}
    for rule in objective.rules:
        expected = alert_timing(rule.condition, objective.target, error_ratio=ratio)
        if expected.detection_minutes is None:
            assert rule.condition.name not in by_name
            continue
        episode = by_name[rule.condition.name]
        assert episode.last
        assert expected.reset_minutes is not None
        assert episode.first + 1 - begun == pytest.approx(expected.detection_minutes, abs=2)
        if expected.detection_minutes < 650:
            over = begun + 700
            assert episode.last + 1 - over == pytest.approx(expected.reset_minutes, abs=2)


def test_a_service_that_spends_half_its_budget_evenly_is_not_paged(objective: Objective) -> None:
    assert false_pages_per_month(objective, 20_000) == 0.0
    assert false_pages_per_month(objective, 60) == 0.0


def test_too_little_traffic_is_named(objective: Objective) -> None:
    assert traffic_faults(objective, 10_000) == []
    one, *conditions = traffic_faults(objective, 3)
    assert one == (
        "jobs: 3 jobs per day allow 0.9 bad jobs in 30d: a single bad job exceeds the error budget"
    )
    assert conditions[0] == (
        "jobs: condition 'page-fast' sees 0.12 jobs in its 60 minutes, "
        "but needs at least 3 bad ones to fire"
    )
    assert len(conditions) == 2


def test_a_limit_that_no_bucket_ends_at_is_named(tmp_path: Path) -> None:
    text = (DEFAULT_SPECS / "interactive.yaml").read_text()
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace("value: 2\n", "value: 2.5\n"))
    assert findings(load_objectives([path])) == [
        "interactive-ttfp: threshold 2.5 s is not a bucket boundary of video.time_to_first_playable"
    ]


def test_traffic_and_wrong_pages_are_those_of_the_stored_days(
    judged_collector: RunningCollector, tmp_path: Path
) -> None:
    """An hour of failures pages; it is wrong unless somebody knows of an incident."""
    now = time.time_ns()
    telemetry = start_telemetry("generator", endpoint=judged_collector.url)
    for number in range(600):
        state = JobState.FAILED if 200 <= number < 260 else JobState.COMPLETE
        telemetry.event(
            names.EVENT_JOB_STATE,
            {names.JOB_ID: f"j{number}", names.JOB_STATE: state.value},
            timestamp_ns=now - (600 - number) * 60 * 10**9,
        )
    telemetry.shutdown()
    spec = str(write(tmp_path, "jobs", target="0.99"))
    asked = [
        "lint",
        spec,
        "--history-days",
        "1",
        "--alert-timing",
        "--collector",
        judged_collector.url,
    ]
    runner = CliRunner(env={"COLUMNS": "80"})
    shown = runner.invoke(app, ["slo", *asked])
    (row,) = [line for line in shown.stdout.splitlines() if line.strip().startswith("jobs ")]
    assert row.split()[-1] == "30.0"  # one a day
    incidents = tmp_path / "incidents.yaml"
    times = [
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now // 10**9 - 60 * minutes))
        for minutes in (400, 330)
    ]
    incidents.write_text(f"incidents: [{{name: a, start: {times[0]}, end: {times[1]}}}]")
    shown = runner.invoke(app, ["slo", *asked, "--incidents", str(incidents)])
    (row,) = [line for line in shown.stdout.splitlines() if line.strip().startswith("jobs ")]
    assert row.split()[-1] == "0.0"
    quiet = runner.invoke(
        app, ["slo", "lint", spec, "--history-days", "400", "--collector", judged_collector.url]
    )
    assert "jobs: 1.5 jobs per day allow" in quiet.stdout
    assert quiet.exit_code == 1


def test_the_command_shows_times_and_faults(tmp_path: Path) -> None:
    spec = str(write(tmp_path, "jobs", target="0.99"))
    runner = CliRunner(env={"COLUMNS": "80"})
    shown = runner.invoke(app, ["slo", "lint", spec, "--alert-timing", "--jobs-per-day", "20000"])
    assert shown.exit_code == 0
    assert "8.6" in shown.stdout
    assert "…" not in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert runner.invoke(app, ["slo", "lint", spec, "--jobs-per-day", "3"]).exit_code == 1
