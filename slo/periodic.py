"""What a week or a month was like, objective by objective."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa

from slo.attribution import Contribution, contributions, of_parts, worst
from slo.backtest import Episode, calls, replay
from slo.burn import budget_left, is_met, success_ratio
from slo.conditions import Severity
from slo.counts import MINUTE_NS, Counts
from slo.decisions import Standing
from slo.evidence import Evidence
from slo.parts import Rows
from slo.periods import unix_ns
from slo.series import Span, span_of
from slo.sli import Sli
from slo.spec import Objective

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
    objectives: Iterable[Objective], evidence: Evidence, rows: pa.Table, span: Span
) -> Report:
    """``rows`` are the jobs of the span, and perhaps more."""
    known = evidence.end_ns // MINUTE_NS + 1
    inside = rows.filter(within(rows, span))
    return Report(
        day_of(span.first),
        day_of(span.last),
        known >= span.last,
        evidence.watermark_ns,
        tuple(of_objective(one, evidence, inside, span) for one in objectives),
    )


def of_objective(
    objective: Objective, evidence: Evidence, rows: pa.Table, span: Span
) -> PeriodReport:
    measured, target = evidence.measured(objective), objective.target
    whole = measured.share(span)
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
        causes=causes(objective, evidence, rows, span),
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


def causes(
    objective: Objective, evidence: Evidence, rows: pa.Table, span: Span
) -> tuple[Contribution, ...]:
    """Who stands out in what was bad, outside of corrections."""
    spans = [one.minutes for one in corrections(objective, evidence, Span(0, 2**62))]
    for corrected in spans:
        rows = rows.filter(pa.array(~np.asarray(within(rows, corrected))))
    measured = evidence.measured(objective)
    part, found = worst(measured, span), of_parts(measured, span)
    if isinstance(part.sli, Sli):
        verdicts = part.sli.verdicts(Rows(rows), now_ns=evidence.end_ns)
        found += contributions(rows, verdicts, part.sli.relation)
    return tuple(one for one in found if one.excess > 0)[:MOST_CAUSES]


def corrections(objective: Objective, evidence: Evidence, span: Span) -> list[Standing]:
    return [
        one
        for one in evidence.corrections
        if one.matches(objective.all_labels)
        and one.minutes.first < span.last
        and one.minutes.last > span.first
    ]


def within(rows: pa.Table, span: Span) -> pa.Array:
    minutes = rows.column("minute").to_numpy()
    return pa.array((minutes >= span.first) & (minutes < span.last))


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
