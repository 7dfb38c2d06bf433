"""Days replayed: what would have called, rightly or not, and how soon."""

import json
import time
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from framegate.cli import app
from framegate.slo.counting.series import MinuteSpan, Series
from framegate.slo.judging.alerts import AlertPhase, AlertState, judge_condition, next_state
from framegate.slo.objectives.alert_rules import AlertRule, Condition, Severity
from framegate.slo.objectives.components import ObjectiveSeries
from framegate.slo.objectives.error_budget import Budgeting
from framegate.slo.objectives.objective import Objective, load_objectives
from framegate.slo.openslo.kinds import BudgetingMethod
from framegate.slo.replay.backtest import (
    Episode,
    Incident,
    backtest,
    call_minutes,
    replay,
    score_severity,
)
from framegate.slo.replay.scenario import (
    BEGIN_MINUTE,
    Scenario,
    incidents_by_minute,
    load_incidents,
    load_scenario,
)
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.sdk.sdk import start_telemetry
from framegate.telemetry.signals import names
from framegate.telemetry.signals.names import JobState
from tests.conftest import RunningCollector
from tests.slo.documents import yaml_text
from tests.slo.records import measured
from tests.slo.specs import write
from tests.volume import examples

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "test-objectives.md"
OUTAGE = {"name": "outage", "at_minute": 2000, "minutes": 60, "bad_ratio": 1.0}
SMOULDER = {"name": "smoulder", "at_minute": 4000, "minutes": 1000, "bad_ratio": 0.05}
DAYS = {
    "days": 5,
    "seed": 7,
    "jobs_per_minute": 20,
    "bad_ratio": 0.001,
    "incidents": [OUTAGE, SMOULDER],
}


@pytest.fixture
def objective(tmp_path: Path) -> Objective:
    (one,) = load_objectives([write(tmp_path, "jobs", target="0.99")])
    return one


def test_an_outage_pages_within_minutes_and_a_smoulder_is_a_ticket(objective: Objective) -> None:
    days = Scenario.model_validate(DAYS)
    found = backtest(
        objective, days.objective_series(objective), days.labelled_incidents(), span=days.span
    )
    page, ticket = found.scores
    assert (page.calls, page.found) == (1, 1)
    assert page.precision == 1.0
    # 14.4 times one per cent of an hour's jobs, all of them failing: 8.64 minutes.
    assert page.delay_minutes == pytest.approx(9, abs=1)
    assert (ticket.found, ticket.recall) == (2, 1.0)
    assert found.budget_left is not None
    assert found.budget_left < 0
    assert found == backtest(
        objective, days.objective_series(objective), days.labelled_incidents(), span=days.span
    )


def test_a_day_without_trouble_calls_nobody(objective: Objective) -> None:
    calm = Scenario.model_validate(DAYS | {"incidents": [], "days": 3})
    found = backtest(objective, calm.objective_series(objective), [], span=calm.span)
    assert [one.calls for one in found.scores] == [0, 0]
    assert found.episodes == ()


def test_few_jobs_do_not_page_for_chance(objective: Objective) -> None:
    quiet = {"days": 14, "seed": 3, "jobs_per_minute": 0.1, "bad_ratio": 0.008}
    days = Scenario.model_validate(quiet)
    found = backtest(objective, days.objective_series(objective), [], span=days.span)
    assert found.scores[0].calls == 0


def minute_by_minute(
    objective: Objective, found: ObjectiveSeries, span: MinuteSpan
) -> list[Episode]:
    """Every condition judged after every minute."""
    episodes = []
    for rule in objective.rules:
        state, fired = AlertState(), None
        for minute in range(span.first, span.last):
            holds = judge_condition(rule.condition, found, end_minute=minute + 1, known=True).holds
            now_ns = (minute + 1) * 60 * 10**9
            state = next_state(
                state, holds, now_ns=now_ns, after_minutes=rule.condition.after_minutes
            )
            firing = state.phase is AlertPhase.FIRING
            if firing and fired is None:
                fired = minute
            elif not firing and fired is not None:
                episodes.append(
                    Episode(rule.condition.name, rule.condition.severity, fired, minute)
                )
                fired = None
        if fired is not None:
            episodes.append(Episode(rule.condition.name, rule.condition.severity, fired, None))
    return episodes


@pytest.mark.parametrize("seed", range(examples(4)))
@pytest.mark.parametrize("method", list(BudgetingMethod))
@pytest.mark.parametrize("parts", [1, 2])
def test_minutes_that_are_not_judged_would_change_nothing(
    objective: Objective, seed: int, method: BudgetingMethod, parts: int
) -> None:
    """A day with and without traffic, with bursts of bad ones, for conditions of some minutes."""
    chance = np.random.default_rng(seed)
    rules = tuple(
        AlertRule(Condition(f"c{n}", Severity.PAGE, factor, long, short, after))
        for n, (factor, long, short, after) in enumerate(
            [
                (Fraction(3), 30, 5, 0),
                (Fraction(1), 120, None, 3),
                (Fraction(1, 2), 60, 10, 0),
            ]
        )
    )
    of_parts = []
    for _ in range(parts):
        busy = np.repeat(chance.integers(0, 2, 12), 60) * chance.integers(0, 30, 720)
        bad = chance.binomial(busy, np.repeat(chance.choice([0.0, 0.05, 0.5], 12), 60))
        counts = np.column_stack([busy - bad, bad, np.zeros((720, 2), int)])
        series = Series()
        series.put(np.arange(1_000, 1_720), counts.astype(np.int64))
        of_parts.append(series)
    slots = 1 if method is BudgetingMethod.OCCURRENCES else 5
    budgeting = Budgeting(method, slots, Decimal("0.9"))
    found = measured(*of_parts, target=Decimal("0.9"), budgeting=budgeting)
    whole = replace(objective, parts=found.parts, target=found.target, rules=rules)
    span = MinuteSpan(1_000, 1_720)
    expected = minute_by_minute(whole, found, span)
    assert expected or (parts == 2 and method is not BudgetingMethod.OCCURRENCES)
    assert list(replay(whole, found, span)) == expected


def episode(first: int, last: int | None, condition: str = "page-fast") -> Episode:
    return Episode(condition, Severity.PAGE, first, last)


def test_overlapping_conditions_are_one_call() -> None:
    some = [episode(10, 30), episode(20, 50, "page-slow"), episode(60, None), episode(70, 80)]
    assert call_minutes(Severity.PAGE, some) == [10, 60]
    assert call_minutes(Severity.TICKET, some) == []


def test_calls_are_right_within_an_incident_and_shortly_after() -> None:
    incidents = [Incident("a", 10, 20), Incident("b", 100, 110), Incident("c", 205, 210)]
    some = [episode(12, 40), episode(60, 61), episode(113, 114), episode(200, 300)]
    found = score_severity(Severity.PAGE, some, incidents)
    assert (found.calls, found.true_calls, found.found) == (4, 2, 3)
    assert found.precision == 0.5
    assert found.delay_minutes == 8.5
    nothing = score_severity(Severity.PAGE, [], [])
    assert (nothing.precision, nothing.recall, nothing.delay_minutes) == (None, None, None)


def test_without_labelled_incidents_nothing_is_right_or_wrong() -> None:
    found = score_severity(Severity.PAGE, [episode(10, 20)], [])
    assert (found.calls, found.precision, found.recall) == (1, None, None)


def test_the_command_shows_no_precision_where_no_incident_is_labelled(tmp_path: Path) -> None:
    spec, days = write(tmp_path, "jobs", target="0.99"), tmp_path / "days.yaml"
    days.write_text(yaml_text(DAYS | {"bad_ratio": 0.3, "days": 1, "incidents": []}))
    where = (str(spec), "--scenario", str(days))
    code, text = run(*where, "--json")
    assert code == 0
    page, _ = json.loads(text)["objectives"][0]["scores"]
    assert (page["calls"] > 0, page["precision"], page["recall"]) == (True, None, None)
    (line,) = [line.split() for line in run(*where)[1].splitlines() if " page " in line]
    assert line[3] == "-"
    assert run(*where, "--min-precision", "0.5")[0] == 3
    assert run(*where, "--min-recall", "0.5")[0] == 3


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["slo", "backtest", *arguments])
    return result.exit_code, result.stdout


def test_the_command_fails_a_policy_that_finds_too_little(tmp_path: Path) -> None:
    spec, days = write(tmp_path, "jobs", target="0.99"), tmp_path / "days.yaml"
    days.write_text(yaml_text(DAYS))
    where = (str(spec), "--scenario", str(days))
    code, text = run(*where)
    assert code == 0
    assert max(map(len, text.splitlines())) <= 80
    assert run(*where, "--min-recall", "0.4", "--min-precision", "1")[0] == 0
    assert run(*where, "--min-recall", "0.6")[0] == 1
    code, text = run(*where, "--json")
    (found,) = json.loads(text)["objectives"]
    assert found["scores"][0]["incidents"] == 2


def test_stored_days_are_replayed(judged_collector: RunningCollector, tmp_path: Path) -> None:
    assert run("--collector", judged_collector.url)[0] == 3
    now = time.time_ns()
    telemetry = start_telemetry("generator", endpoint=judged_collector.url)
    for number in range(400):
        bad = 200 <= number < 240
        state = JobState.FAILED if bad else JobState.COMPLETE
        telemetry.event(
            names.EVENT_JOB_STATE,
            {names.JOB_ID: f"j{number}", names.JOB_STATE: state.value},
            timestamp_ns=now - (400 - number) * 60 * 10**9,
        )
    telemetry.shutdown()
    incidents = tmp_path / "incidents.yaml"
    begun, over = (time.gmtime((now // 10**9) - 60 * minutes) for minutes in (200, 155))
    times = [time.strftime("%Y-%m-%dT%H:%M:%SZ", one) for one in (begun, over)]
    incidents.write_text(f"incidents: [{{name: a, start: {times[0]}, end: {times[1]}}}]")
    spec = write(tmp_path, "jobs", target="0.99")
    code, text = run(
        str(spec), "--collector", judged_collector.url, "--incidents", str(incidents),
        "--days", "1", "--json", "--min-recall", "1", "--min-precision", "1",
    )  # fmt: skip
    assert code == 0, text
    (found,) = json.loads(text)["objectives"]
    assert found["jobs"] == 400


def test_the_documented_files_are_read(tmp_path: Path) -> None:
    blocks = GUIDE.read_text().split("```yaml\n")[1:]
    days, incidents = tmp_path / "days.yaml", tmp_path / "incidents.yaml"
    for path, block in zip((days, incidents), blocks, strict=True):
        path.write_text(block.partition("```")[0])
    assert load_scenario(days).incidents[0].name == "outage"
    assert load_incidents(incidents)[0].name == "full disk"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"days": 0}, "days: .*: 0"),
        ({"bad_ratio": 2}, "bad_ratio: .*: 2"),
        (
            {"jobs_per_minut": 1},
            r"days\.yaml:\d+: jobs_per_minut: unknown key; did you mean 'jobs_per_",
        ),
        ({"incidents": [OUTAGE | {"at_minute": 7200}]}, "'outage' ends after the last day"),
    ],
)
def test_mistakes_in_a_scenario_are_named(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    path = tmp_path / "days.yaml"
    path.write_text(yaml_text(DAYS | change))
    with pytest.raises(InputError, match=message):
        load_scenario(path)


def test_a_second_list_of_incidents_does_not_replace_the_first(tmp_path: Path) -> None:
    path = tmp_path / "days.yaml"
    path.write_text(yaml_text(DAYS) + "incidents: []\n")
    with pytest.raises(InputError, match=r"days\.yaml:\d+: duplicate key 'incidents'"):
        load_scenario(path)


def test_incidents_have_times_with_a_zone_and_an_order(tmp_path: Path) -> None:
    path = tmp_path / "incidents.yaml"
    path.write_text(
        "incidents: [{name: a, start: 2026-01-01T00:00:00Z, end: 2026-01-01T00:01:30Z}]"
    )
    assert incidents_by_minute(load_incidents(path)) == [
        Incident("a", BEGIN_MINUTE, BEGIN_MINUTE + 2)
    ]
    for text in ("start: 2026-01-01T00:00:00, end: 2026-01-02T00:00:00Z", "start: 1, end: x"):
        path.write_text(f"incidents: [{{name: a, {text}}}]")
        with pytest.raises(InputError, match="incidents"):
            load_incidents(path)
