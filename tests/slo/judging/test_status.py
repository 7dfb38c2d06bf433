"""The report, over records and over a real collector."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from framegate.cli import app
from framegate.slo.commands.state_source import statuses_from_jobs
from framegate.slo.counting.arrivals import QUIET_MINUTES, Presence
from framegate.slo.counting.series import MinuteSpan
from framegate.slo.judging.status import SloState, SloStatus, exit_code, status
from framegate.slo.objectives.objective import default_objectives
from framegate.slo.objectives.summary import target_percent
from framegate.telemetry.client.records import Job
from framegate.telemetry.sdk.sdk import start_telemetry
from framegate.telemetry.signals import names
from framegate.telemetry.signals.names import JobState, Workload
from tests.conftest import RunningCollector
from tests.slo.records import BY_NAME, MINUTE, NOW, SECOND, evidence, job

SUCCESS = BY_NAME["interactive-success"]


def judged(jobs: Sequence[Job], *, watermark_ns: int | None = NOW) -> SloStatus:
    return status(SUCCESS, evidence([SUCCESS], jobs, watermark_ns=watermark_ns))


def test_no_traffic_is_not_success() -> None:
    nothing = judged([])
    assert (nothing.state, nothing.ratio, nothing.met) == (SloState.NO_TRAFFIC, None, None)
    assert exit_code([nothing]) == 3
    assert exit_code([]) == 3


def test_good_jobs_meet_the_objective() -> None:
    good = judged([job(f"j{n}") for n in range(100)])
    assert (good.state, good.met, good.ratio, good.budget_left) == (
        SloState.MEASURED,
        True,
        1.0,
        1.0,
    )
    assert exit_code([good, judged([])]) == 0


def test_jobs_of_which_none_can_be_judged_are_a_gap_and_no_good_news() -> None:
    gap = judged([job("running", state=JobState.PROCESSING)])
    assert (gap.state, gap.met) == (SloState.GAP, None)
    assert exit_code([judged([job("done")]), gap]) == 3


def test_old_data_can_show_a_breach_and_never_that_all_is_well() -> None:
    old = NOW - 3600 * SECOND
    fine = judged([job(at=old)], watermark_ns=old)
    broken = judged([job(at=old, state=JobState.FAILED)], watermark_ns=old)
    assert fine.state is SloState.STALE
    assert exit_code([fine]) == 3
    assert exit_code([broken]) == 1


def test_a_job_is_not_overdue_before_the_data_reaches_its_deadline() -> None:
    started = NOW - 3600 * SECOND
    waiting = job(at=started, state=JobState.PROCESSING)
    assert judged([waiting], watermark_ns=started + SECOND).counts.unscored == 1
    assert judged([waiting], watermark_ns=NOW).counts.bad == 1


def test_a_burning_objective_names_its_tiers() -> None:
    burning = judged([job(f"j{n}", state=JobState.FAILED) for n in range(5)])
    assert burning.firing == ("page-fast", "page-slow", "ticket-fast", "ticket-slow")
    assert burning.burn_1h == pytest.approx(200.0)


def test_the_command_judges_what_a_real_collector_holds(judged_collector: RunningCollector) -> None:
    telemetry = start_telemetry("generator", endpoint=judged_collector.url)
    for number, state in enumerate([JobState.COMPLETE] * 9 + [JobState.FAILED]):
        telemetry.event(
            names.EVENT_JOB_STATE,
            {
                names.JOB_ID: f"j{number}",
                names.JOB_STATE: state.value,
                names.WORKLOAD: Workload.BATCH.value,
                names.TIME_TO_FIRST_PLAYABLE: 0.5,
            },
            timestamp_ns=time.time_ns(),
        )
    telemetry.shutdown()
    result = CliRunner().invoke(
        app, ["slo", "report", "--collector", judged_collector.url, "--json"]
    )
    assert result.exit_code == 1
    by_name = {item["name"]: item for item in json.loads(result.stdout)["objectives"]}
    assert by_name["batch-success"]["counts"] == {
        "good": 9,
        "bad": 1,
        "unscored": 0,
        "excluded": 0,
    }
    assert by_name["batch-ttfp"]["met"] is True
    assert by_name["batch-quality"]["counts"]["unscored"] == 9
    assert by_name["realtime-success"]["state"] == "no traffic"


def test_the_table_fits_eighty_columns(judged_collector: RunningCollector) -> None:
    result = CliRunner(env={"COLUMNS": "80"}).invoke(
        app, ["slo", "report", "--collector", judged_collector.url]
    )
    assert result.exit_code == 3
    assert "interactive-success" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "…" not in result.stdout


def test_every_default_objective_is_reported() -> None:
    """Without an engine, those that count anything but jobs are a gap, which is no good news."""
    objectives = default_objectives()
    found = list(
        statuses_from_jobs(objectives, evidence(list(BY_NAME.values()), [], watermark_ns=None))
    )
    assert [item.name for item in found] == [item.name for item in objectives]
    states = {item.name: item.state for item in found}
    assert states["interactive-success"] is SloState.NO_TRAFFIC
    assert states["storage"] is SloState.GAP
    assert exit_code(found) == 3


def test_targets_are_never_shown_as_all() -> None:
    shown = [target_percent(Decimal(one)) for one in ("0.9999", "0.9", "0.999999999", "0.95")]
    assert shown == ["99.99%", "90.0%", "99.9999%", "95.0%"]


def test_silence_is_quiet_only_where_somebody_was_there_to_tell() -> None:
    hour = replace(SUCCESS, window=SUCCESS.window.model_copy(update={"duration": "1h"}))
    known = evidence([hour], [])
    last = NOW // MINUTE + 1
    for quiet, state in ((5, SloState.NO_TRAFFIC), (15, SloState.GAP)):
        presence = Presence()
        presence.add_minutes(
            "generator", [*range(last - 60, last - 30), *range(last - 30 + quiet, last)]
        )
        found = status(hour, replace(known, presence=presence))
        assert found.state is state
        assert found.coverage == pytest.approx(1 - (quiet - QUIET_MINUTES) / 60)
        other = replace(hour, parts=(replace(hour.parts[0], sources=("somebody-else",)),))
        assert status(other, replace(known, presence=presence)).state is SloState.GAP


def test_what_was_before_anything_was_heard_is_no_gap() -> None:
    presence = Presence()
    presence.add_minutes("generator", range(NOW // MINUTE - 10, NOW // MINUTE + 1))
    found = status(SUCCESS, replace(evidence([SUCCESS], []), presence=presence))
    assert found.state is SloState.NO_TRAFFIC
    assert found.coverage is not None
    assert found.coverage < 0.01


def test_a_service_is_there_for_some_minutes_after_it_was_heard_of() -> None:
    presence = Presence()
    presence.add_minutes("generator", [100])
    spans = [MinuteSpan(minute, minute + 1) for minute in range(98, 106)]
    assert [presence.covered_minutes(span) for span in spans] == [0, 0, 1, 1, 1, 1, 0, 0]
    assert presence.coverage(MinuteSpan(100, 110)) == pytest.approx(0.4)
    presence.forget(101)
    assert presence.coverage(MinuteSpan(100, 110)) == 0.0
    assert presence.coverage(MinuteSpan(100, 100)) == 0.0
