"""One objective in detail: budget history, burn rates, forecast, contributors."""

import itertools
from dataclasses import asdict, dataclass

import numpy as np

from framegate.slo.counting.series import Counts, MinuteSpan, window_span
from framegate.slo.counting.slice_counter import SliceCounter
from framegate.slo.judging.causes import Contribution, budget_causes
from framegate.slo.judging.forecast import CanaryCost, Forecast, canary_cost, forecast
from framegate.slo.judging.status import SloEvidence, SloStatus
from framegate.slo.objectives.error_budget import Share, budget_left, burn_rate
from framegate.slo.objectives.objective import Objective
from framegate.telemetry.platform.clock import MINUTE_NS

HISTORY_POINTS = 28
MOST_CAUSES = 20


@dataclass(frozen=True, slots=True)
class BudgetPoint:
    """The budget at one time, and the events counted since the point before."""

    time_ns: int
    counts: Counts
    budget_left: float | None


@dataclass(frozen=True, slots=True)
class ConditionWindow:
    """One window of an alert condition."""

    condition: str
    minutes: int
    burn_rate: float | None
    factor: float


@dataclass(frozen=True, slots=True)
class ObjectiveDetail:
    status: SloStatus
    good_when: str
    reason: str
    past: tuple[BudgetPoint, ...]
    windows: tuple[ConditionWindow, ...]
    forecast: Forecast | None
    canary: CanaryCost | None
    causes: tuple[Contribution, ...]


def objective_detail(
    objective: Objective,
    status: SloStatus,
    evidence: SloEvidence,
    engine: SliceCounter,
    *,
    jobs: int,
    bad_ratio: float,
) -> ObjectiveDetail:
    """The detail, with the cost of a canary of ``jobs``; ``bad_ratio`` NaN: the current one."""
    span = window_span(objective.window, evidence.end_of(objective))
    return ObjectiveDetail(
        status,
        objective.good_when,
        objective.reason,
        budget_history(objective, evidence),
        condition_windows(objective, evidence),
        objective_forecast(objective, evidence),
        objective_canary_cost(objective, status, evidence, jobs=jobs, bad_ratio=bad_ratio),
        tuple(budget_causes(objective, evidence, engine, span)[:MOST_CAUSES]),
    )


def budget_history(objective: Objective, evidence: SloEvidence) -> tuple[BudgetPoint, ...]:
    """The budget at equal steps through the window, oldest first."""
    measured, end_ns = evidence.objective_series(objective), evidence.end_of(objective)
    span = window_span(objective.window, end_ns)
    edges = np.linspace(span.first, span.last, HISTORY_POINTS + 1).astype(int).tolist()
    found = []
    for first, last in itertools.pairwise(edges):
        then_ns = (last - 1) * MINUTE_NS
        whole = measured.share(window_span(objective.window, then_ns))
        left = budget_left(whole, objective.target)
        found.append(BudgetPoint(last * MINUTE_NS, measured.counts(MinuteSpan(first, last)), left))
    return tuple(found)


def condition_windows(objective: Objective, evidence: SloEvidence) -> tuple[ConditionWindow, ...]:
    measured = evidence.objective_series(objective)
    last = evidence.end_of(objective) // MINUTE_NS + 1

    def share(minutes: int) -> Share:
        return measured.share(MinuteSpan(last - minutes, last))

    return tuple(
        ConditionWindow(
            rule.condition.name,
            minutes,
            burn_rate(share(minutes), objective.target),
            float(rule.condition.factor),
        )
        for rule in objective.burn_rules
        for minutes in (rule.condition.long_minutes, rule.condition.short_minutes)
        if minutes is not None
    )


def objective_forecast(objective: Objective, evidence: SloEvidence) -> Forecast | None:
    """None without traffic."""
    measured, end_ns = evidence.objective_series(objective), evidence.end_of(objective)
    return forecast(measured, objective.window, end_ns=end_ns)


def objective_canary_cost(
    objective: Objective, status: SloStatus, evidence: SloEvidence, *, jobs: int, bad_ratio: float
) -> CanaryCost | None:
    """None without jobs, and if the budget is not counted in jobs."""
    if not jobs or objective.slice_seconds is not None or objective.is_composite:
        return None
    if bad_ratio != bad_ratio:
        if status.ratio is None:
            return None
        bad_ratio = 1 - status.ratio
    return canary_cost(
        evidence.objective_series(objective).series[0],
        objective.window,
        target=objective.target,
        end_ns=evidence.end_of(objective),
        jobs=jobs,
        bad_ratio=bad_ratio,
    )


def detail_json(found: ObjectiveDetail) -> dict[str, object]:
    """The detail as JSON; an infinite lift is null, with ``alone`` true."""
    shown = asdict(found)
    del shown["status"]
    for cause in shown["causes"]:
        cause["alone"] = cause["lift"] == float("inf")
        cause["lift"] = None if cause["alone"] else cause["lift"]
    return shown
