"""Every objective's state now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from framegate.slo.counting.counts import Counts
from framegate.slo.counting.series import trailing_span, window_span
from framegate.slo.judging.condition_result import judge_condition
from framegate.slo.judging.evidence import SloEvidence
from framegate.slo.objectives.budgeting import Share
from framegate.slo.objectives.burn import (
    budget_left,
    budget_units_left,
    burn_rate,
    is_met,
    success_ratio,
)
from framegate.slo.objectives.objective import Objective
from framegate.telemetry.platform.verdict import ExitCode


class SloState(StrEnum):
    """What the numbers rest on."""

    MEASURED = "measured"
    NO_TRAFFIC = "no traffic"
    GAP = "gap"  # nothing could be judged, or nobody was there to tell
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class SloStatus:
    """One objective: what was counted and what follows; None where nothing follows.

    ``coverage`` is the share of the window's minutes in which its sources were heard of.
    """

    name: str
    service: str
    labels: Mapping[str, str]
    target: Decimal
    threshold: Decimal | None
    window_seconds: int
    counts: Counts
    state: SloState
    coverage: float | None
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


def statuses(objectives: Iterable[Objective], evidence: SloEvidence) -> tuple[SloStatus, ...]:
    """Judge every objective."""
    return tuple(status(objective, evidence) for objective in objectives)


def status(objective: Objective, evidence: SloEvidence) -> SloStatus:
    """Windows end at the watermark; the wall clock would judge what is not in yet."""
    measured = evidence.objective_series(objective)
    end_ns, target = evidence.end_of(objective), objective.target

    def over(seconds: int) -> Share:
        return measured.share(trailing_span(end_ns, seconds))

    span = window_span(objective.window, end_ns)
    counts, whole = measured.counts(span), measured.share(span)
    met, units_left = is_met(whole, target), budget_units_left(whole, target)
    slice_seconds = objective.slice_seconds
    return SloStatus(
        name=objective.name,
        service=objective.service,
        labels=objective.labels,
        target=target,
        threshold=objective.threshold,
        window_seconds=objective.window_seconds,
        counts=counts,
        state=state_of(
            counts,
            met,
            stale=evidence.is_stale(objective),
            known=evidence.is_covered(span, objective),
        ),
        coverage=evidence.coverage(span, objective),
        ratio=success_ratio(whole),
        met=met,
        budget_left=budget_left(whole, target),
        budget_jobs_left=None if slice_seconds or objective.is_composite else units_left,
        budget_seconds_left=(
            None if units_left is None or not slice_seconds else units_left * slice_seconds
        ),
        burn_5m=burn_rate(over(300), target),
        burn_1h=burn_rate(over(3600), target),
        burn_6h=burn_rate(over(6 * 3600), target),
        firing=tuple(
            rule.condition.name
            for rule in objective.burn_rules
            if judge_condition(rule.condition, measured, end_minute=span.last, known=True).holds
        ),
        owner=objective.owner,
        runbook=objective.runbook,
    )


def state_of(counts: Counts, met: bool | None, *, stale: bool, known: bool) -> SloState:
    """Jobs whose slice of time is not over cannot be judged yet either.

    A window without jobs is quiet only if somebody was there to tell; one of a composite in which
    a part has none, while others have some, cannot be judged.
    """
    if met is None:
        return SloState.GAP if counts.unscored or counts.total or not known else SloState.NO_TRAFFIC
    return SloState.STALE if stale else SloState.MEASURED


def exit_code(statuses: Sequence[SloStatus], *, faults: bool = False) -> int:
    """0 when every objective with traffic is met, 1 when one is not, 3 without evidence.

    ``faults``: there are files of objectives that nobody can read, so nobody knows what they ask.

    Old data can still show that an objective was missed; it can never show that all is well.
    """
    with_traffic = [item for item in statuses if item.state is not SloState.NO_TRAFFIC]
    if any(item.met is False for item in with_traffic):
        return ExitCode.FAIL
    known = with_traffic and all(item.state is SloState.MEASURED for item in with_traffic)
    return ExitCode.PASS if known and not faults else ExitCode.INCONCLUSIVE


def status_json(item: SloStatus) -> dict[str, Any]:
    """A status for programs; targets and thresholds as text, for they are exact."""
    threshold = None if item.threshold is None else str(item.threshold)
    return asdict(item) | {"target": str(item.target), "threshold": threshold}


def status_from(raw: Mapping[str, Any]) -> SloStatus:
    """The status that ``status_json`` wrote."""
    threshold = raw["threshold"]
    return SloStatus(
        **{
            **raw,
            "target": Decimal(raw["target"]),
            "threshold": None if threshold is None else Decimal(threshold),
            "counts": Counts(**raw["counts"]),
            "state": SloState(raw["state"]),
            "firing": tuple(raw["firing"]),
        }
    )
