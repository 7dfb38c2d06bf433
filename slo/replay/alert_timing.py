"""How alerts would behave: how soon they fire and stop, how often wrongly."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from framegate.slo.judging.condition_result import LEAST_BAD
from framegate.slo.objectives.conditions import Condition, Severity
from framegate.slo.objectives.objective import Objective
from framegate.slo.replay.backtest import backtest
from framegate.slo.replay.scenario import Scenario
from framegate.telemetry.platform.clock import DAY_MINUTES, DAY_SECONDS

SIMULATED_DAYS, SIMULATION_SEED = 28, 1
CALM_BUDGET_SHARE = Fraction(1, 2)  # of the budget is spent evenly: nothing is wrong


@dataclass(frozen=True, slots=True)
class AlertTiming:
    """Minutes from the start of a failure of all jobs to the alert, and from its end to its end.

    None for a condition that such a failure does not fire.
    """

    condition: str
    detection_minutes: float | None
    reset_minutes: float | None


def alert_timing(condition: Condition, target: Decimal, *, error_ratio: float = 1.0) -> AlertTiming:
    """For steady traffic and so many of all jobs failing (SRE Workbook, chapter 5).

    Detection is threshold * long window / error ratio. Resetting takes until so much of the short
    window is good again that it is below the threshold.
    """
    threshold = float(condition.factor * (1 - Fraction(target)))
    if threshold >= error_ratio:
        return AlertTiming(condition.name, None, None)
    short = condition.short_minutes or condition.long_minutes
    return AlertTiming(
        condition.name,
        condition.after_minutes + threshold * condition.long_minutes / error_ratio,
        short * (1 - threshold / error_ratio),
    )


def false_pages_per_month(objective: Objective, jobs_per_day: float) -> float:
    """Pages a month while half of the budget is spent evenly, found by replaying made-up days."""
    ratio = float(CALM_BUDGET_SHARE * (1 - Fraction(objective.target)))
    days = Scenario(
        days=SIMULATED_DAYS,
        seed=SIMULATION_SEED,
        jobs_per_minute=jobs_per_day / DAY_MINUTES,
        bad_ratio=ratio,
    )
    found = backtest(objective, days.objective_series(objective), [], span=days.span)
    pages = sum(score.calls for score in found.scores if score.severity is Severity.PAGE)
    return pages * 30 / SIMULATED_DAYS


def traffic_faults(objective: Objective, jobs_per_day: float) -> list[str]:
    """What so much traffic is too little for."""
    allowed = float(1 - objective.target) * jobs_per_day * objective.window_seconds / DAY_SECONDS
    found = []
    if allowed < 1:
        found.append(
            f"{objective.name}: {jobs_per_day:g} jobs a day allow {allowed:.2g} bad jobs "
            f"in {objective.window.duration}: one spends more than all of the budget"
        )
    for rule in objective.burn_rules:
        condition = rule.condition
        jobs = jobs_per_day * condition.long_minutes / DAY_MINUTES
        if jobs < LEAST_BAD:
            found.append(
                f"{objective.name}: condition '{condition.name}' sees {jobs:.2g} jobs in its "
                f"{condition.long_minutes} minutes; it fires for {LEAST_BAD} bad ones or more"
            )
    return found
