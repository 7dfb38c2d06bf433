"""The objectives that framegate computes, from OpenSLO v1 documents (github.com/OpenSLO/OpenSLO).

Documents of every kind are read and their references followed. What is computed so far is an SLO
with one indicator: a ratio of good to total whose metric source has the type ``framegate``; its
spec says which jobs count and which of them are good.
Anything else is an error that names file, path and value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from slo import openslo
from slo.budgeting import Budgeting
from slo.documents import fault, library
from slo.openslo import BudgetingMethod, Metric, Slo
from slo.periods import MONTHS, TimeWindow, duration_from
from telemetry.errors import InputError
from telemetry.names import Workload

DEFAULT_SPECS = Path(__file__).parent / "specs"
OWNER, RUNBOOK, REASON = "framegate/owner", "framegate/runbook", "framegate/reason"
SECONDS = {"s": 1, "m": 60, "h": 3600}


class Sli(StrEnum):
    """What makes a job good."""

    SUCCESS = "success"  # it ended complete
    TTFP = "ttfp"  # its first fragment was playable within the threshold
    QUALITY = "quality"  # its clip's score of a metric is on the right side of the threshold


@dataclass(frozen=True, slots=True)
class Objective:
    """One SLO, ready to compute with.

    ``threshold`` is in seconds for ``ttfp`` and in the metric's unit for ``quality``.
    A job that is not through ``deadline_seconds`` after its submission is bad.
    """

    name: str
    workload: Workload
    sli: Sli
    target: Decimal
    window: TimeWindow
    budgeting: Budgeting
    threshold: Decimal | None
    metric: str | None
    at_least: bool
    deadline_seconds: int
    owner: str
    runbook: str
    reason: str

    @property
    def window_seconds(self) -> int:
        """How long the window is; on average, where the calendar decides."""
        return self.window.length.seconds

    @property
    def slice_seconds(self) -> int | None:
        """How long a slice of time is, where the budget is one of slices."""
        of_jobs = self.budgeting.method is BudgetingMethod.OCCURRENCES
        return None if of_jobs else 60 * self.budgeting.slice_minutes


class Source(BaseModel):
    """framegate's own part: which jobs count and what makes one good."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sli: Sli
    workload: Workload
    threshold: Decimal | None = None
    metric: str | None = None
    op: Literal["gte", "lte"] = "lte"
    deadline: Annotated[str, Field(pattern=r"^[1-9]\d{0,5}[smh]$")] = "10m"


def load_objectives(paths: Sequence[Path]) -> list[Objective]:
    """Every objective in the files; finding none, or one name twice, is an error."""
    objectives = [
        objective for slo, place in library(paths).slos() for objective in objectives_of(slo, place)
    ]
    if not objectives:
        raise InputError(f"no objectives in {', '.join(map(str, paths)) or 'no files'}")
    return objectives


def default_objectives() -> list[Objective]:
    """The objectives framegate ships, for all three workload classes."""
    return load_objectives(sorted(DEFAULT_SPECS.glob("*.yaml")))


def objectives_of(slo: Slo, place: str) -> list[Objective]:
    """An SLO's objectives; several of them are named after it with a number each."""
    refuse_what_is_not_computed(slo, place)
    good, total = sources(slo, place)
    if (good.sli, good.workload) != (total.sli, total.workload):
        raise InputError(f"{place}, spec.indicator: good and total count different jobs")
    if good.sli is not Sli.SUCCESS and good.threshold is None:
        raise InputError(f"{place}, spec.indicator: {good.sli} needs a threshold")
    if good.sli is Sli.QUALITY and good.metric is None:
        raise InputError(f"{place}, spec.indicator: quality needs a metric")
    notes = slo.metadata.annotations
    missing = [key for key in (OWNER, RUNBOOK, REASON) if not notes.get(key)]
    if missing:
        raise InputError(f"{place}, metadata.annotations: {missing[0]!r} is missing")
    name, several = slo.metadata.name, len(slo.spec.objectives) > 1
    return [
        Objective(
            name=f"{name}-{number}" if several else name,
            workload=good.workload,
            sli=good.sli,
            target=objective.share,
            window=slo.spec.time_window[0],
            budgeting=budgeting(slo.spec.budgeting_method, objective, place),
            threshold=good.threshold,
            metric=good.metric,
            at_least=good.op == "gte",
            deadline_seconds=int(good.deadline[:-1]) * SECONDS[good.deadline[-1]],
            owner=notes[OWNER],
            runbook=notes[RUNBOOK],
            reason=notes[REASON],
        )
        for number, objective in enumerate(slo.spec.objectives)
    ]


def refuse_what_is_not_computed(slo: Slo, place: str) -> None:
    spec = slo.spec
    if spec.indicator is None:
        raise InputError(f"{place}, spec.objectives: a composite SLO is not computed")
    if spec.alert_policies:
        raise InputError(f"{place}, spec.alertPolicies: are not acted on")
    for number, objective in enumerate(spec.objectives):
        if objective.share == 0:
            raise InputError(f"{place}, spec.objectives.{number}: a target of 0 is always met")


def budgeting(method: BudgetingMethod, objective: openslo.Objective, place: str) -> Budgeting:
    if method is BudgetingMethod.OCCURRENCES or objective.time_slice_window is None:
        return Budgeting(method)
    length = duration_from(objective.time_slice_window)
    if length.unit in MONTHS:
        raise InputError(f"{place}, spec.objectives: slices of {length} are not all of one length")
    return Budgeting(method, length.seconds // 60, objective.time_slice_target or Decimal(1))


def sources(slo: Slo, place: str) -> tuple[Source, Source]:
    """What is good and what counts, both as framegate's own."""
    assert slo.spec.indicator
    ratio = slo.spec.indicator.spec.ratio_metric
    where = f"{place}, spec.indicator.spec"
    if ratio is None or ratio.good is None or ratio.total is None or not ratio.counter:
        raise InputError(f"{where}: only a ratioMetric of counters, good and total, is computed")
    return (
        source(ratio.good, f"{where}.ratioMetric.good.metricSource"),
        source(ratio.total, f"{where}.ratioMetric.total.metricSource"),
    )


def source(metric: Metric, where: str) -> Source:
    found = metric.metric_source
    if found.type != "framegate":
        raise InputError(f"{where}.type: {found.type!r} is not 'framegate'")
    try:
        return Source.model_validate(found.spec)
    except ValidationError as error:
        raise InputError(f"{where}.spec.{fault(error)}") from error
