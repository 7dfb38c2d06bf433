"""The objectives that framegate computes, from OpenSLO v1 documents (github.com/OpenSLO/OpenSLO).

Documents of every kind are read and their references followed. What is computed so far is an SLO
with one indicator over framegate's own metric sources.
Anything else is an error that names file, path and value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from slo import openslo
from slo.budgeting import Budgeting
from slo.documents import library
from slo.openslo import BudgetingMethod, Slo
from slo.periods import MONTHS, TimeWindow, duration_from
from slo.rules import Rule, rules_of
from slo.sli import Sli
from slo.sources import sli_of
from telemetry.errors import InputError

DEFAULT_SPECS = Path(__file__).parent / "specs"
OWNER, RUNBOOK, REASON = "framegate/owner", "framegate/runbook", "framegate/reason"
GROUP_BY, SOURCES = "framegate/group-by", "framegate/sources"
BY_GROUP = "framegate/alert-by-group"


@dataclass(frozen=True, slots=True)
class Objective:
    """One SLO, ready to compute with.

    ``sources`` are the services whose silence means that nothing is known; none: any service's.
    ``threshold`` is what a thresholdMetric is compared with.
    ``by_group``: each group's burn has alerts of its own.
    """

    name: str
    service: str
    description: str
    labels: Mapping[str, str]
    sli: Sli
    target: Decimal
    window: TimeWindow
    budgeting: Budgeting
    threshold: Decimal | None
    sources: tuple[str, ...]
    rules: tuple[Rule, ...]
    by_group: bool
    owner: str
    runbook: str
    reason: str

    @property
    def all_labels(self) -> Mapping[str, str]:
        """Its own labels, and what it is called."""
        own = {"slo": self.name, "service": self.service, "owner": self.owner}
        return {**self.labels, **own}

    @property
    def window_seconds(self) -> int:
        """How long the window is; on average, where the calendar decides."""
        return self.window.length.seconds

    @property
    def slice_seconds(self) -> int | None:
        """How long a slice of time is, where the budget is one of slices."""
        of_jobs = self.budgeting.method is BudgetingMethod.OCCURRENCES
        return None if of_jobs else 60 * self.budgeting.slice_minutes


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
    assert slo.spec.indicator
    indicator = slo.spec.indicator.spec
    notes = slo.metadata.annotations
    missing = [key for key in (OWNER, RUNBOOK, REASON) if not notes.get(key)]
    if missing:
        raise InputError(f"{place}, metadata.annotations: {missing[0]!r} is missing")
    groups, sources = (listed(notes.get(key, "")) for key in (GROUP_BY, SOURCES))
    rules = rules_of(slo, place)
    name, several = slo.metadata.name, len(slo.spec.objectives) > 1
    return [
        Objective(
            name=f"{name}-{number}" if several else name,
            service=slo.spec.service,
            description=slo.spec.description or slo.metadata.display_name or name,
            labels={key: joined(value) for key, value in slo.metadata.labels.items()},
            sli=sli_of(indicator, objective, groups, place),
            target=objective.share,
            window=slo.spec.time_window[0],
            budgeting=budgeting(slo.spec.budgeting_method, objective, place),
            threshold=objective.value,
            sources=sources,
            rules=rules,
            by_group=notes.get(BY_GROUP) == "true",
            owner=notes[OWNER],
            runbook=notes[RUNBOOK],
            reason=notes[REASON],
        )
        for number, objective in enumerate(slo.spec.objectives)
    ]


def listed(text: str) -> tuple[str, ...]:
    """The names of a list with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def joined(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else ",".join(value)


def refuse_what_is_not_computed(slo: Slo, place: str) -> None:
    spec = slo.spec
    if spec.indicator is None:
        raise InputError(f"{place}, spec.objectives: a composite SLO is not computed")
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
