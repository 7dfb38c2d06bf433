"""The text of an alert: what happened, budget left, contributors, an example job, runbook."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from framegate.slo.counting.series import Group, IntArray, MinuteSpan
from framegate.slo.counting.sli import BAD, Sli
from framegate.slo.counting.slice_counter import SliceCounter
from framegate.slo.judging.alerts import AlertEvaluation, ConditionResult
from framegate.slo.judging.causes import (
    Contribution,
    component_contributions,
    contributions,
    worst_component,
)
from framegate.slo.judging.status import SloStatus
from framegate.slo.objectives.alert_rules import Condition
from framegate.slo.objectives.components import ObjectiveSeries
from framegate.slo.objectives.error_budget import Share
from framegate.slo.objectives.objective import Objective
from framegate.slo.objectives.summary import target_percent
from framegate.telemetry.platform.clock import DAY_MINUTES, HOUR_MINUTES, MINUTE_NS

NOTABLE_LIFT, NOTABLE_SHARE, NOTABLE_BAD = 1.5, 0.2, 3

AlertText = tuple[str, str]  # summary, description


@dataclass(frozen=True, slots=True)
class ExampleJob:
    """One bad job."""

    job_id: str
    trace_id: str | None


def explain_alert(
    look: AlertEvaluation,
    status: SloStatus,
    measured: ObjectiveSeries,
    engine: SliceCounter,
    *,
    end_ns: int,
) -> AlertText:
    """Summary and description: what happened, budget left, top contributors, an example job."""
    objective = look.objective
    if look.condition is None or look.judgement is None:
        return (
            f"{objective.name}: no data ({status.state.value})",
            description(objective, status, [], None),
        )
    last = end_ns // MINUTE_NS + 1
    span = MinuteSpan(last - look.condition.long_minutes, last)
    part, causes = worst_component(measured, span), component_contributions(measured, span)
    example = None
    if isinstance(part.sli, Sli):
        rows, verdicts = engine.classify_rows(part.sli, span, end_ns=end_ns)
        rows, verdicts = rows_of_group(rows, verdicts, objective.groups, look.key.group)
        causes += contributions(rows, verdicts, part.sli.relation)
        example = latest_bad_job(rows, verdicts, engine)
    return (
        summary(objective, look.condition, look.judgement, group=look.key.group),
        description(objective, status, causes, example),
    )


def rows_of_group(
    rows: pa.Table, verdicts: IntArray, names: tuple[str, ...], group: tuple[str, ...]
) -> tuple[pa.Table, IntArray]:
    """The rows of one group; all rows if ``group`` is empty."""
    mask = np.ones(rows.num_rows, np.bool_)
    for name, value in zip(names, group, strict=False):
        mask &= np.array(rows.column(name).fill_null("").to_pylist(), object) == value
    return rows.filter(pa.array(mask)), verdicts[mask]


def latest_bad_job(rows: pa.Table, verdicts: IntArray, engine: SliceCounter) -> ExampleJob | None:
    """The latest bad job; None if the rows are not jobs or none is bad."""
    bad = np.flatnonzero(verdicts == BAD)
    if "job_id" not in rows.column_names or not len(bad):
        return None
    submitted = rows.column("submitted_ns").to_numpy()
    place = int(bad[np.argmax(submitted[bad])])
    job_id = rows.column("job_id")[place].as_py()
    return ExampleJob(job_id, engine.trace_of(job_id, since_ns=int(submitted[place])))


def summary(
    objective: Objective, condition: Condition, found: ConditionResult, *, group: Group = ()
) -> str:
    """One line: bad events in the window, burn rate, alert threshold and target."""
    bad, total = float(found.long.bad), float(found.long.total)
    allowed = float(1 - objective.target) * total
    burn = bad / allowed if allowed else 0.0
    of_group = f" ({', '.join(group)})" if group else ""
    return (
        f"{objective.name}{of_group}: {amounts_text(objective, found.long)} bad "
        f"in {duration_text(condition.long_minutes)}: burn rate {short_number(burn)}, "
        f"alert threshold {short_number(float(condition.factor))}, target {target_text(objective)}"
    )


def amounts_text(objective: Objective, share: Share) -> str:
    """How many of how many events; for a composite, for each of its components."""
    if not share.parts:
        amount = f"{short_number(float(share.bad))} of {short_number(float(share.total))}"
        return f"{amount} {event_noun(objective)}"
    return ", ".join(
        f"{part.name} {short_number(float(part.share.bad))} "
        f"of {short_number(float(part.share.total))}"
        for part in share.parts
    )


def description(
    objective: Objective,
    status: SloStatus,
    causes: Sequence[Contribution],
    example: ExampleJob | None,
) -> str:
    """Lines about the budget left, its top contributors, an example job and the runbook."""
    lines = [budget_left_text(objective, status)]
    lines += [cause_line(cause) for cause in leading_causes(causes)]
    if example:
        trace = f", trace {example.trace_id}" if example.trace_id else ""
        lines.append(f"Example: job {example.job_id}{trace}.")
    lines.append(f"Runbook: {objective.runbook}. Owner: {objective.owner}.")
    return "\n".join(lines)


def budget_left_text(objective: Objective, status: SloStatus) -> str:
    """What is left of the window's error budget, in events or time."""
    if status.budget_left is None:
        return "Error budget unknown: no traffic in the window."
    if objective.is_composite and not objective.slice_seconds:
        return f"{status.budget_left:.0%} of the {objective.window.duration} error budget is left."
    units_left = status.budget_jobs_left
    what = f"bad {event_noun(objective)}"
    if status.budget_seconds_left is not None:
        units_left, what = status.budget_seconds_left / 60, "bad minutes"
    assert units_left is not None
    window = objective.window.duration
    if status.budget_left < 0:
        allowed = units_left / status.budget_left
        return (
            f"The {window} error budget is overspent by {short_number(-units_left)} {what} "
            f"({short_number(allowed)} allowed)."
        )
    amount = f"{short_number(units_left)} {what}"
    return f"{status.budget_left:.0%} of the {window} error budget is left: {amount}."


def leading_causes(causes: Sequence[Contribution]) -> list[Contribution]:
    """At most two notable contributors: the top one, and the top error type."""
    telling = [cause for cause in causes if is_notable(cause)]
    errors = [cause for cause in telling if cause.dimension == "error_type" and cause.value]
    others = [cause for cause in telling if cause.dimension != "error_type"]
    return others[:1] + errors[:1]


def is_notable(cause: Contribution) -> bool:
    """Whether it has a large part of the bad events and a rate well above the others."""
    high = cause.lift is not None and cause.lift >= NOTABLE_LIFT
    return high and cause.bad_share >= NOTABLE_SHARE and cause.bad >= NOTABLE_BAD


def cause_line(cause: Contribution) -> str:
    name = cause.value or "(none)"
    times = ""
    if cause.lift is not None and cause.lift != float("inf"):
        times = f", {short_number(cause.lift)} times the rate of the others"
    return (
        f"{dimension_word(cause.dimension)} {name}: {cause.bad_share:.0%} of the bad events{times}."
    )


def dimension_word(dimension: str) -> str:
    """The word for a dimension; JSON documents still call components "part"."""
    return "component" if dimension == "part" else dimension


def event_noun(objective: Objective) -> str:
    return objective.slis[0].noun if objective.slice_seconds is None else "slices"


def target_text(objective: Objective) -> str:
    return target_percent(objective.target).removesuffix("%").removesuffix(".0") + " %"


def short_number(value: float) -> str:
    """A number with at most one decimal."""
    if abs(value) >= 100 or round(value, 1) == round(value):
        return f"{value:,.0f}"
    return f"{value:.1f}"


def duration_text(minutes: int) -> str:
    if minutes % DAY_MINUTES == 0:
        return f"{minutes // DAY_MINUTES} d"
    hours, rest = divmod(minutes, HOUR_MINUTES)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"
