"""What an alert says: what happened in jobs, what is left, who did it, an example, what to do."""

from collections.abc import Sequence
from dataclasses import dataclass

from framegate.slo.counting.tallies import Group
from framegate.slo.judging.attribution import Contribution
from framegate.slo.judging.condition_result import Judgement
from framegate.slo.judging.status import SloStatus
from framegate.slo.objectives.budgeting import Share
from framegate.slo.objectives.conditions import Condition
from framegate.slo.objectives.objective import Objective, target_percent

DAY_MINUTES, HOUR_MINUTES = 1440, 60
TELLING_LIFT, TELLING_SHARE, TELLING_BAD = 1.5, 0.2, 3


@dataclass(frozen=True, slots=True)
class Example:
    """One bad job."""

    job_id: str
    trace_id: str | None


def summary(
    objective: Objective, condition: Condition, found: Judgement, *, group: Group = ()
) -> str:
    """One line: what happened, against what was promised."""
    bad, total = float(found.long.bad), float(found.long.total)
    allowed = float(1 - objective.target) * total
    burn = bad / allowed if allowed else 0.0
    of_group = f" ({', '.join(group)})" if group else ""
    return (
        f"{objective.name}{of_group}: {amounts(objective, found.long)} bad "
        f"in {span(condition.long_minutes)}, {number(burn)} times what the target of "
        f"{percent(objective)} allows (alert above {number(float(condition.factor))})"
    )


def amounts(objective: Objective, share: Share) -> str:
    """How many of how many; where parts burn together, of each."""
    if not share.parts:
        return f"{number(float(share.bad))} of {number(float(share.total))} {units(objective)}"
    return ", ".join(
        f"{part.name} {number(float(part.share.bad))} of {number(float(part.share.total))}"
        for part in share.parts
    )


def description(
    objective: Objective,
    status: SloStatus,
    causes: Sequence[Contribution],
    example: Example | None,
) -> str:
    """Some lines: what is left, who spent it, an example, the runbook."""
    lines = [left(objective, status)]
    lines += [cause_line(cause) for cause in leading(causes)]
    if example:
        trace = f", trace {example.trace_id}" if example.trace_id else ""
        lines.append(f"For example job {example.job_id}{trace}.")
    lines.append(f"Runbook: {objective.runbook}. Owner: {objective.owner}.")
    return "\n".join(lines)


def left(objective: Objective, status: SloStatus) -> str:
    """What is left of the window's budget, in jobs or time."""
    if status.budget_left is None:
        return "Nothing is known of the budget: no traffic in the window."
    if objective.is_composite and not objective.slice_seconds:
        return f"{status.budget_left:.0%} of the budget of {objective.window.duration} is left."
    units_left = status.budget_jobs_left
    what = f"bad {units(objective)}"
    if status.budget_seconds_left is not None:
        units_left, what = status.budget_seconds_left / 60, "bad minutes"
    assert units_left is not None
    window = objective.window.duration
    if status.budget_left < 0:
        allowed = units_left / status.budget_left
        return (
            f"The budget of {window} is overspent: {number(-units_left)} {what} "
            f"more than the {number(allowed)} that are allowed."
        )
    return (
        f"{status.budget_left:.0%} of the budget of {window} is left: {number(units_left)} {what}."
    )


def leading(causes: Sequence[Contribution]) -> list[Contribution]:
    """The most telling of who, and the most telling error, if they tell anything."""
    telling = [cause for cause in causes if is_telling(cause)]
    errors = [cause for cause in telling if cause.dimension == "error_type" and cause.value]
    others = [cause for cause in telling if cause.dimension != "error_type"]
    return others[:1] + errors[:1]


def is_telling(cause: Contribution) -> bool:
    """Whether it stands out at all: a good part of the bad ones, and well above the others."""
    high = cause.lift is not None and cause.lift >= TELLING_LIFT
    return high and cause.bad_share >= TELLING_SHARE and cause.bad >= TELLING_BAD


def cause_line(cause: Contribution) -> str:
    name = cause.value or "(none)"
    times = ""
    if cause.lift is not None and cause.lift != float("inf"):
        times = f", at {number(cause.lift)} times the others' rate"
    return f"{cause.dimension} {name}: {cause.bad_share:.0%} of the bad ones{times}."


def units(objective: Objective) -> str:
    return objective.slis[0].noun if objective.slice_seconds is None else "slices"


def percent(objective: Objective) -> str:
    return target_percent(objective.target).removesuffix("%").removesuffix(".0") + " %"


def number(value: float) -> str:
    """Short, and without digits that say nothing."""
    if abs(value) >= 100 or round(value, 1) == round(value):
        return f"{value:,.0f}"
    return f"{value:.1f}"


def span(minutes: int) -> str:
    if minutes % DAY_MINUTES == 0:
        return f"{minutes // DAY_MINUTES} d"
    hours, rest = divmod(minutes, HOUR_MINUTES)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"
