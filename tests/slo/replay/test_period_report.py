"""Reports of weeks and months, over a real collector."""

import json
import time
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from framegate.cli import app
from framegate.slo.openslo.fields import unix_ns
from framegate.slo.replay.period_report import PeriodLength, last_full_period
from framegate.telemetry.sdk.sdk import start_telemetry
from framegate.telemetry.signals import names
from framegate.telemetry.signals.names import JobState, Workload
from tests.conftest import RunningCollector

MINUTE = 60 * 10**9
DAY_MINUTES = 1440


def at(year: int, month: int, day: int, hour: int = 0) -> int:
    return unix_ns(datetime(year, month, day, hour, tzinfo=UTC))


@pytest.mark.parametrize(
    ("now", "length", "first", "last"),
    [
        (at(2026, 11, 21, 20), PeriodLength.WEEK, at(2026, 11, 9), at(2026, 11, 16)),
        (at(2026, 11, 16), PeriodLength.WEEK, at(2026, 11, 9), at(2026, 11, 16)),
        (at(2026, 11, 21), PeriodLength.MONTH, at(2026, 10, 1), at(2026, 11, 1)),
        (at(2026, 1, 1), PeriodLength.MONTH, at(2025, 12, 1), at(2026, 1, 1)),
        (at(2024, 3, 31), PeriodLength.MONTH, at(2024, 2, 1), at(2024, 3, 1)),
    ],
)
def test_periods_are_those_that_are_over(
    now: int, length: PeriodLength, first: int, last: int
) -> None:
    span = last_full_period(now, length)
    assert (span.first * MINUTE, span.last * MINUTE) == (first, last)


def test_an_empty_period_is_no_good_news(judged_collector: RunningCollector) -> None:
    code, text = run(judged_collector, "--period", "week")
    assert code == 3
    assert "no data" in text
    assert run(judged_collector, "--period", "year")[0] != 0
    assert run(judged_collector, "--period", "week", "--format", "pdf")[0] != 0


def run(collector: RunningCollector, *more: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["slo", "report", "--collector", collector.url, *more])
    return result.exit_code, result.stdout


@pytest.fixture
def week(judged_collector: RunningCollector) -> RunningCollector:
    """A week of batch jobs, one model failing on its Wednesday, and a job of now."""
    telemetry = start_telemetry("generator", endpoint=judged_collector.url)
    span = last_full_period(time.time_ns(), PeriodLength.WEEK)

    def job(name: str, state: JobState, minute: int, model: str) -> None:
        telemetry.event(
            names.EVENT_JOB_STATE,
            {
                names.JOB_ID: name,
                names.JOB_STATE: state.value,
                names.WORKLOAD: Workload.BATCH.value,
                names.MODEL: model,
                names.TENANT: "<b>team</b>",
            },
            timestamp_ns=minute * MINUTE,
        )

    for number in range(700):
        job(f"good{number}", JobState.COMPLETE, span.first + number * 14, "m1")
    for number in range(30):
        job(f"bad{number}", JobState.FAILED, span.first + 2 * DAY_MINUTES + number, "<i>m2</i>")
    job("now", JobState.COMPLETE, time.time_ns() // MINUTE, "m1")
    telemetry.shutdown()
    return judged_collector


def test_a_week_says_what_happened_when_and_who_did_it(week: RunningCollector) -> None:
    code, text = run(week, "--period", "week", "--format", "json")
    assert code == 1
    found = json.loads(text)
    assert found["whole"] is True
    one = {item["objective"]: item for item in found["objectives"]}["batch-success"]
    assert one["counts"] == {"good": 700, "bad": 30, "unscored": 0, "excluded": 0}
    assert one["met"] is False
    assert [day["counts"]["bad"] for day in one["days"]] == [0, 0, 30, 0, 0, 0, 0]
    assert one["pages"] >= 1
    assert one["budget_after"] == pytest.approx(1 - 30 / 730 / 0.005)
    assert (one["causes"][0]["dimension"], one["causes"][0]["value"]) == ("model", "<i>m2</i>")
    quiet = {item["objective"]: item for item in found["objectives"]}["realtime-success"]
    assert (quiet["met"], quiet["ratio"]) == (None, None)


def test_a_week_reads_as_markdown_and_as_a_page_without_markup_of_others(
    week: RunningCollector,
) -> None:
    _, text = run(week, "--period", "week")
    assert "| batch-success | 99.50 % | 95.89 % missed | 700 | 30 |" in text
    assert "- model <i>m2</i>: 100% of the bad events." in text
    code, page = run(week, "--period", "week", "--format", "html")
    assert code == 1
    assert "<i>m2" not in page
    assert "&lt;i&gt;m2" in page
    assert page.count("<rect") == 7 * 19
