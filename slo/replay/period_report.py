"""The report of a week or a month, objective by objective."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from framegate.slo.counting.series import Counts, MinuteSpan, window_span
from framegate.slo.counting.slice_counter import SliceCounter
from framegate.slo.judging.causes import Contribution, budget_causes
from framegate.slo.judging.journal import StandingDecision
from framegate.slo.judging.status import SloEvidence
from framegate.slo.objectives.alert_rules import Severity
from framegate.slo.objectives.error_budget import budget_left, is_met, success_ratio
from framegate.slo.objectives.objective import Objective
from framegate.slo.openslo.fields import unix_ns
from framegate.slo.replay.backtest import Episode, call_minutes, replay
from framegate.telemetry.platform.clock import DAY_MINUTES, MINUTE_NS
from framegate.telemetry.platform.verdict import ExitCode

MOST_CAUSES = 5


class PeriodLength(StrEnum):
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class DayResult:
    """One day, in UTC; ``ratio`` is None without traffic."""

    date: str
    counts: Counts
    ratio: float | None


@dataclass(frozen=True, slots=True)
class ObjectiveReport:
    """One objective over a period; ``met`` compares the period's own SLI with the target.

    ``budget_before`` and ``budget_after`` belong to the objective's window at the period's start
    and end. ``pages`` and ``tickets`` are the alerts that its conditions would have sent.
    """

    objective: str
    description: str
    service: str
    owner: str
    runbook: str
    target: Decimal
    counts: Counts
    ratio: float | None
    met: bool | None
    budget_before: float | None
    budget_after: float | None
    pages: int
    tickets: int
    days: tuple[DayResult, ...]
    causes: tuple[Contribution, ...]
    corrections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SloReport:
    """All objectives over one period, in UTC; the last day is not included."""

    first_day: str
    last_day: str
    whole: bool  # whether the period was over when it was written
    watermark_ns: int | None
    objectives: tuple[ObjectiveReport, ...]


def last_full_period(now_ns: int, length: PeriodLength) -> MinuteSpan:
    """The last full week (from Monday) or month, in UTC."""
    today = datetime.fromtimestamp(now_ns / 1e9, UTC).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    if length is PeriodLength.WEEK:
        end = today - timedelta(days=today.weekday())
        begin = end - timedelta(days=7)
    else:
        end = today.replace(day=1)
        begin = (end - timedelta(days=1)).replace(day=1)
    return MinuteSpan(unix_ns(begin) // MINUTE_NS, unix_ns(end) // MINUTE_NS)


def report_period(
    objectives: Sequence[Objective], evidence: SloEvidence, engine: SliceCounter, span: MinuteSpan
) -> SloReport:
    """All objectives over a span; ``whole`` if all of them have data up to its end."""
    known = min(evidence.end_of(one) for one in objectives) // MINUTE_NS + 1
    return SloReport(
        iso_date(span.first),
        iso_date(span.last),
        known >= span.last and all(evidence.has_data(one) for one in objectives),
        evidence.watermark_ns,
        tuple(report_objective(one, evidence, engine, span) for one in objectives),
    )


def report_objective(
    objective: Objective, evidence: SloEvidence, engine: SliceCounter, span: MinuteSpan
) -> ObjectiveReport:
    measured, target = evidence.objective_series(objective), objective.target
    whole, spent = measured.share(span), budget_causes(objective, evidence, engine, span)
    episodes = sorted(replay(objective, measured, span), key=lambda one: one.first)
    return ObjectiveReport(
        objective=objective.name,
        description=objective.description,
        service=objective.service,
        owner=objective.owner,
        runbook=objective.runbook,
        target=target,
        counts=measured.counts(span),
        ratio=success_ratio(whole),
        met=is_met(whole, target),
        budget_before=budget_left_before(objective, evidence, span.first),
        budget_after=budget_left_before(objective, evidence, span.last),
        pages=call_count(Severity.PAGE, episodes),
        tickets=call_count(Severity.TICKET, episodes),
        days=tuple(day_results(objective, evidence, span)),
        causes=tuple(one for one in spent if one.excess > 0)[:MOST_CAUSES],
        corrections=tuple(str(one) for one in corrections_in(objective, evidence, span)),
    )


def budget_left_before(objective: Objective, evidence: SloEvidence, minute: int) -> float | None:
    """The budget of the window that ends before a minute."""
    window = window_span(objective.window, (minute - 1) * MINUTE_NS)
    return budget_left(evidence.objective_series(objective).share(window), objective.target)


def call_count(severity: Severity, episodes: Sequence[Episode]) -> int:
    return len(call_minutes(severity, episodes))


def day_results(
    objective: Objective, evidence: SloEvidence, span: MinuteSpan
) -> Iterable[DayResult]:
    measured = evidence.objective_series(objective)
    for first in range(span.first, span.last, DAY_MINUTES):
        day = MinuteSpan(first, first + DAY_MINUTES)
        yield DayResult(iso_date(first), measured.counts(day), success_ratio(measured.share(day)))


def corrections_in(
    objective: Objective, evidence: SloEvidence, span: MinuteSpan
) -> list[StandingDecision]:
    return [
        one
        for one in evidence.corrections
        if one.matches(objective.all_labels)
        and one.minutes.first < span.last
        and one.minutes.last > span.first
    ]


def iso_date(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).date().isoformat()


def report_json(found: SloReport) -> dict[str, Any]:
    """The report as JSON; an infinite lift is null."""
    shown = asdict(found)
    for one in shown["objectives"]:
        one["target"] = str(one["target"])
        for cause in one["causes"]:
            cause["lift"] = None if cause["lift"] == float("inf") else cause["lift"]
    return {"version": 1, **shown}


def exit_code(found: SloReport) -> int:
    """1 if an objective was missed, 3 without data or before the period is complete, else 0."""
    if any(one.met is False for one in found.objectives):
        return ExitCode.FAIL
    shown = found.whole and any(one.met for one in found.objectives)
    return ExitCode.PASS if shown else ExitCode.INCONCLUSIVE
