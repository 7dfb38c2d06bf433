"""What a week or a month was like, objective by objective."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from framegate.slo.counting.counts import MINUTE_NS, Counts
from framegate.slo.counting.series import Span, span_of
from framegate.slo.counting.slice_counter import Engine
from framegate.slo.judging.attribution import Contribution
from framegate.slo.judging.causes import causes
from framegate.slo.judging.decisions import Standing
from framegate.slo.judging.evidence import Evidence
from framegate.slo.objectives.burn import budget_left, is_met, success_ratio
from framegate.slo.objectives.conditions import Severity
from framegate.slo.objectives.objective import Objective
from framegate.slo.openslo.periods import unix_ns
from framegate.slo.replay.backtest import Episode, calls, replay

MOST_CAUSES = 5


class Length(StrEnum):
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Day:
    """One day, in UTC; ``ratio`` is None without traffic."""

    date: str
    counts: Counts
    ratio: float | None


@dataclass(frozen=True, slots=True)
class PeriodReport:
    """One objective over a period; ``met`` is of the period's own share of good.

    Budgets are of the objective's window as it was at the period's start and end.
    ``pages`` and ``tickets`` are how often its conditions would have called somebody.
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
    days: tuple[Day, ...]
    causes: tuple[Contribution, ...]
    corrections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All objectives over one period, in UTC; the last day is not included."""

    first_day: str
    last_day: str
    whole: bool  # whether the period was over when it was written
    watermark_ns: int | None
    objectives: tuple[PeriodReport, ...]


def span_before(now_ns: int, length: Length) -> Span:
    """The last week from Monday, or month, that is over; in UTC."""
    today = datetime.fromtimestamp(now_ns / 1e9, UTC).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    if length is Length.WEEK:
        end = today - timedelta(days=today.weekday())
        begin = end - timedelta(days=7)
    else:
        end = today.replace(day=1)
        begin = (end - timedelta(days=1)).replace(day=1)
    return Span(unix_ns(begin) // MINUTE_NS, unix_ns(end) // MINUTE_NS)


def report(
    objectives: Sequence[Objective], evidence: Evidence, engine: Engine, span: Span
) -> Report:
    """All objectives over a span; it is whole when all of them are known to its end."""
    known = min(evidence.end_of(one) for one in objectives) // MINUTE_NS + 1
    return Report(
        day_of(span.first),
        day_of(span.last),
        known >= span.last and all(evidence.is_answered(one) for one in objectives),
        evidence.watermark_ns,
        tuple(of_objective(one, evidence, engine, span) for one in objectives),
    )


def of_objective(
    objective: Objective, evidence: Evidence, engine: Engine, span: Span
) -> PeriodReport:
    measured, target = evidence.measured(objective), objective.target
    whole, spent = measured.share(span), causes(objective, evidence, engine, span)
    episodes = sorted(replay(objective, measured, span), key=lambda one: one.first)
    return PeriodReport(
        objective=objective.name,
        description=objective.description,
        service=objective.service,
        owner=objective.owner,
        runbook=objective.runbook,
        target=target,
        counts=measured.counts(span),
        ratio=success_ratio(whole),
        met=is_met(whole, target),
        budget_before=left_at(objective, evidence, span.first),
        budget_after=left_at(objective, evidence, span.last),
        pages=called(Severity.PAGE, episodes),
        tickets=called(Severity.TICKET, episodes),
        days=tuple(days(objective, evidence, span)),
        causes=tuple(one for one in spent if one.excess > 0)[:MOST_CAUSES],
        corrections=tuple(str(one) for one in corrections(objective, evidence, span)),
    )


def left_at(objective: Objective, evidence: Evidence, minute: int) -> float | None:
    """The budget of the window that ends before a minute."""
    window = span_of(objective.window, (minute - 1) * MINUTE_NS)
    return budget_left(evidence.measured(objective).share(window), objective.target)


def called(severity: Severity, episodes: Sequence[Episode]) -> int:
    return len(calls(severity, episodes))


def days(objective: Objective, evidence: Evidence, span: Span) -> Iterable[Day]:
    measured = evidence.measured(objective)
    for first in range(span.first, span.last, 1440):
        day = Span(first, first + 1440)
        yield Day(day_of(first), measured.counts(day), success_ratio(measured.share(day)))


def corrections(objective: Objective, evidence: Evidence, span: Span) -> list[Standing]:
    return [
        one
        for one in evidence.corrections
        if one.matches(objective.all_labels)
        and one.minutes.first < span.last
        and one.minutes.last > span.first
    ]


def day_of(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).date().isoformat()


def report_json(found: Report) -> dict[str, Any]:
    """For programs; an infinite lift is null."""
    shown = asdict(found)
    for one in shown["objectives"]:
        one["target"] = str(one["target"])
        for cause in one["causes"]:
            cause["lift"] = None if cause["lift"] == float("inf") else cause["lift"]
    return {"version": 1, **shown}


def exit_code(found: Report) -> int:
    """1 where an objective was missed, 3 where nothing was known of any, else 0."""
    if any(one.met is False for one in found.objectives):
        return 1
    return 0 if found.whole and any(one.met for one in found.objectives) else 3
