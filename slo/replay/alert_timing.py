"""Detection time, reset time and false pages of alerts, before they are used."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from framegate.slo.judging.alerts import LEAST_BAD
from framegate.slo.objectives.alert_rules import Condition, Severity
from framegate.slo.objectives.objective import Objective
from framegate.slo.replay.backtest import backtest
from framegate.slo.replay.scenario import Scenario
from framegate.telemetry.platform.clock import DAY_MINUTES, DAY_SECONDS

SIMULATED_DAYS, SIMULATION_SEED = 28, 1
CALM_BUDGET_SHARE = Fraction(1, 2)  # this share of the budget, spent evenly, is no incident


@dataclass(frozen=True, slots=True)
class AlertTiming:
    """Detection time from the start of a failure, and reset time from its end, in minutes.

    None for a condition that does not fire at this failure.
    """

    condition: str
    detection_minutes: float | None
    reset_minutes: float | None


def alert_timing(condition: Condition, target: Decimal, *, error_ratio: float = 1.0) -> AlertTiming:
    """The times for steady traffic of which ``error_ratio`` fails (SRE Workbook, chapter 5).

    Detection is threshold * long window / error ratio. The alert resets when enough of the short
    window is good again to be below the threshold.
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
    """Pages in 30 days while half of the budget is spent evenly, from simulated days."""
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
    """What this traffic is too low for, one line each."""
    allowed = float(1 - objective.target) * jobs_per_day * objective.window_seconds / DAY_SECONDS
    found = []
    if allowed < 1:
        found.append(
            f"{objective.name}: {jobs_per_day:g} jobs per day allow {allowed:.2g} bad jobs "
            f"in {objective.window.duration}: a single bad job exceeds the error budget"
        )
    for rule in objective.burn_rules:
        condition = rule.condition
        jobs = jobs_per_day * condition.long_minutes / DAY_MINUTES
        if jobs < LEAST_BAD:
            found.append(
                f"{objective.name}: condition '{condition.name}' sees {jobs:.2g} jobs in its "
                f"{condition.long_minutes} minutes, but needs at least {LEAST_BAD} bad ones to fire"
            )
    return found
