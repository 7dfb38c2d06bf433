"""All that is known of one objective: its past, its windows, its future, and who spent it."""

import itertools
from dataclasses import asdict, dataclass

import numpy as np

from framegate.slo.counting.counts import MINUTE_NS, Counts
from framegate.slo.counting.series import Span, span_of
from framegate.slo.counting.slice_counter import Engine
from framegate.slo.judging.attribution import Contribution
from framegate.slo.judging.causes import causes
from framegate.slo.judging.evidence import Evidence
from framegate.slo.judging.forecast import CanaryCost, Forecast, canary_cost, forecast
from framegate.slo.judging.status import SloStatus
from framegate.slo.objectives.budgeting import Share
from framegate.slo.objectives.burn import budget_left, burn_rate
from framegate.slo.objectives.objective import Objective

PAST_POINTS = 28
MOST_CAUSES = 20


@dataclass(frozen=True, slots=True)
class Past:
    """The budget as it stood at a time, and what was counted since the time before it."""

    time_ns: int
    counts: Counts
    budget_left: float | None


@dataclass(frozen=True, slots=True)
class Window:
    """One window of an alert condition."""

    condition: str
    minutes: int
    burn_rate: float | None
    factor: float


@dataclass(frozen=True, slots=True)
class Detail:
    status: SloStatus
    good_when: str
    reason: str
    past: tuple[Past, ...]
    windows: tuple[Window, ...]
    forecast: Forecast | None
    canary: CanaryCost | None
    causes: tuple[Contribution, ...]


def detail(
    objective: Objective,
    status: SloStatus,
    evidence: Evidence,
    engine: Engine,
    *,
    jobs: int,
    bad_ratio: float,
) -> Detail:
    """``jobs`` of a canary, ``bad_ratio`` of them bad; NaN for as many as there are now."""
    span = span_of(objective.window, evidence.end_of(objective))
    return Detail(
        status,
        objective.good_when,
        objective.reason,
        past(objective, evidence),
        windows(objective, evidence),
        forecast_of(objective, evidence),
        canary(objective, status, evidence, jobs=jobs, bad_ratio=bad_ratio),
        tuple(causes(objective, evidence, engine, span)[:MOST_CAUSES]),
    )


def past(objective: Objective, evidence: Evidence) -> tuple[Past, ...]:
    """The window in parts, oldest first."""
    measured, end_ns = evidence.measured(objective), evidence.end_of(objective)
    span = span_of(objective.window, end_ns)
    edges = np.linspace(span.first, span.last, PAST_POINTS + 1).astype(int).tolist()
    found = []
    for first, last in itertools.pairwise(edges):
        then_ns = (last - 1) * MINUTE_NS
        whole = measured.share(span_of(objective.window, then_ns))
        left = budget_left(whole, objective.target)
        found.append(Past(last * MINUTE_NS, measured.counts(Span(first, last)), left))
    return tuple(found)


def windows(objective: Objective, evidence: Evidence) -> tuple[Window, ...]:
    measured = evidence.measured(objective)
    last = evidence.end_of(objective) // MINUTE_NS + 1

    def share(minutes: int) -> Share:
        return measured.share(Span(last - minutes, last))

    return tuple(
        Window(
            rule.condition.name,
            minutes,
            burn_rate(share(minutes), objective.target),
            float(rule.condition.factor),
        )
        for rule in objective.rules
        for minutes in (rule.condition.long_minutes, rule.condition.short_minutes)
        if minutes is not None
    )


def forecast_of(objective: Objective, evidence: Evidence) -> Forecast | None:
    """None without traffic."""
    measured, end_ns = evidence.measured(objective), evidence.end_of(objective)
    return forecast(measured, objective.window, end_ns=end_ns)


def canary(
    objective: Objective, status: SloStatus, evidence: Evidence, *, jobs: int, bad_ratio: float
) -> CanaryCost | None:
    """None for no jobs, and where the budget is not one of jobs."""
    if not jobs or objective.slice_seconds is not None or objective.is_composite:
        return None
    if bad_ratio != bad_ratio:
        if status.ratio is None:
            return None
        bad_ratio = 1 - status.ratio
    return canary_cost(
        evidence.measured(objective).series[0],
        objective.window,
        target=objective.target,
        end_ns=evidence.end_of(objective),
        jobs=jobs,
        bad_ratio=bad_ratio,
    )


def detail_json(found: Detail) -> dict[str, object]:
    """For programs; an infinite lift is null with ``alone``."""
    shown = asdict(found)
    del shown["status"]
    for cause in shown["causes"]:
        cause["alone"] = cause["lift"] == float("inf")
        cause["lift"] = None if cause["alone"] else cause["lift"]
    return shown
