"""Every objective's state now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from slo.budgeting import Share
from slo.burn import (
    budget_left,
    budget_units_left,
    burn_rate,
    fires,
    is_met,
    success_ratio,
    tiers,
)
from slo.counts import Counts
from slo.series import Series, last_seconds, series_of, span_of
from slo.slices import slices
from slo.spec import Objective
from telemetry.records import Job, Score

STALE_SECONDS = 300.0  # data older than this says nothing about now


class State(StrEnum):
    """What the numbers rest on."""

    MEASURED = "measured"
    NO_TRAFFIC = "no traffic"
    GAP = "gap"  # there were jobs, and not one could be judged
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class SloStatus:
    """One objective: what was counted and what follows; None where nothing follows."""

    name: str
    workload: str
    sli: str
    target: Decimal
    threshold: Decimal | None
    window_seconds: int
    counts: Counts
    state: State
    ratio: float | None
    met: bool | None
    budget_left: float | None
    budget_jobs_left: float | None
    budget_seconds_left: float | None
    burn_5m: float | None
    burn_1h: float | None
    burn_6h: float | None
    firing: tuple[str, ...]
    owner: str
    runbook: str


def report(
    objectives: Iterable[Objective],
    jobs: Sequence[Job],
    scores: Sequence[Score],
    *,
    now_ns: int,
    watermark_ns: int | None,
) -> tuple[SloStatus, ...]:
    """Judge every objective; ``watermark_ns`` is the time of the newest event known.

    Windows and deadlines end at the watermark; the wall clock would judge what is not in yet.
    """
    return tuple(
        status(
            objective,
            series_of(slices(objective, jobs, scores, now_ns=data_end_ns(now_ns, watermark_ns))),
            now_ns=now_ns,
            watermark_ns=watermark_ns,
        )
        for objective in objectives
    )


def data_end_ns(now_ns: int, watermark_ns: int | None) -> int:
    """The end of what is known, which ends every window and every deadline."""
    return now_ns if watermark_ns is None else min(watermark_ns, now_ns)


def status(
    objective: Objective, data: Series, *, now_ns: int, watermark_ns: int | None
) -> SloStatus:
    end_ns = data_end_ns(now_ns, watermark_ns)
    target = objective.target

    def over(seconds: int) -> Share:
        return objective.budgeting.share(data, last_seconds(end_ns, seconds))

    span = span_of(objective.window, end_ns)
    counts, whole = data.over(span), objective.budgeting.share(data, span)
    units_left = budget_units_left(whole, target)
    slice_seconds = objective.slice_seconds
    stale = watermark_ns is None or now_ns - watermark_ns > STALE_SECONDS * 1e9
    return SloStatus(
        name=objective.name,
        workload=objective.workload.value,
        sli=objective.sli.value,
        target=target,
        threshold=objective.threshold,
        window_seconds=objective.window_seconds,
        counts=counts,
        state=state_of(counts, whole, stale=stale),
        ratio=success_ratio(whole),
        met=is_met(whole, target),
        budget_left=budget_left(whole, target),
        budget_jobs_left=None if slice_seconds else units_left,
        budget_seconds_left=(
            None if units_left is None or not slice_seconds else units_left * slice_seconds
        ),
        burn_5m=burn_rate(over(300), target),
        burn_1h=burn_rate(over(3600), target),
        burn_6h=burn_rate(over(6 * 3600), target),
        firing=tuple(
            tier.name
            for tier in tiers(objective.window_seconds)
            if fires(tier, over(tier.long_seconds), over(tier.short_seconds), target=target)
        ),
        owner=objective.owner,
        runbook=objective.runbook,
    )


def state_of(counts: Counts, share: Share, *, stale: bool) -> State:
    """Jobs whose slice of time is not over cannot be judged yet either."""
    if not share.total:
        return State.GAP if counts.unscored or counts.total else State.NO_TRAFFIC
    return State.STALE if stale else State.MEASURED


def exit_code(statuses: Sequence[SloStatus]) -> int:
    """0 when every objective with traffic is met, 1 when one is not, 3 without evidence.

    Old data can still show that an objective was missed; it can never show that all is well.
    """
    with_traffic = [item for item in statuses if item.state is not State.NO_TRAFFIC]
    if any(item.met is False for item in with_traffic):
        return 1
    known = with_traffic and all(item.state is State.MEASURED for item in with_traffic)
    return 0 if known else 3
