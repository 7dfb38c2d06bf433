"""Objectives as framegate computes them, built from OpenSLO v1 documents.

References between documents are resolved; anything that cannot be computed is an error that names
file, path and value. github.com/OpenSLO/OpenSLO.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from framegate.slo.counting.prometheus_indicator import Indicator
from framegate.slo.objectives.alert_rules import AlertRule, alert_rules
from framegate.slo.objectives.components import Component, objective_target
from framegate.slo.objectives.error_budget import Budgeting
from framegate.slo.objectives.indicators import indicator_of
from framegate.slo.objectives.summary import (
    OWNER,
    REASON,
    RUNBOOK,
    check_objective,
    component_name,
    default_files,
    good_when,
    indicator_spec,
    objective_names,
    required_annotations,
)
from framegate.slo.openslo import kinds
from framegate.slo.openslo.fields import MONTHS, TimeWindow, parse_duration
from framegate.slo.openslo.kinds import BudgetingMethod, Slo
from framegate.slo.openslo.library import Library, load_library, read_spec, spec_files
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import FilePlace

GROUP_BY, SOURCES = "framegate/group-by", "framegate/sources"
BY_GROUP = "framegate/alert-by-group"


@dataclass(frozen=True, slots=True)
class Objective:
    """One SLO, ready to compute; with several ``parts`` (components) it is a composite.

    ``by_group``: each group has alerts of its own.
    """

    name: str
    service: str
    description: str
    labels: Mapping[str, str]
    parts: tuple[Component, ...]
    target: Decimal
    window: TimeWindow
    rules: tuple[AlertRule, ...]
    by_group: bool
    owner: str
    runbook: str
    reason: str

    @property
    def is_composite(self) -> bool:
        return len(self.parts) > 1

    @property
    def slis(self) -> tuple[Indicator, ...]:
        return tuple(part.sli for part in self.parts)

    @property
    def groups(self) -> tuple[str, ...]:
        """The columns whose values have counts of their own; none for a composite."""
        return () if self.is_composite else self.parts[0].sli.groups

    @property
    def threshold(self) -> Decimal | None:
        """The threshold of its thresholdMetric."""
        return None if self.is_composite else self.parts[0].threshold

    @property
    def good_when(self) -> str:
        """The condition for good, as it is written in the file."""
        if not self.is_composite:
            return self.parts[0].good_when
        return "; ".join(f"{part.name}: {part.good_when}" for part in self.parts)

    @property
    def burn_rules(self) -> tuple[AlertRule, ...]:
        """The rules that alert on the burn rate; others alert on missing data only."""
        return tuple(rule for rule in self.rules if rule.on_burn)

    @property
    def budgeting(self) -> Budgeting:
        """The budgeting method and the slice length."""
        return self.parts[0].budgeting

    @property
    def all_labels(self) -> Mapping[str, str]:
        """Its labels, and ``slo``, ``service`` and ``owner``."""
        own = {"slo": self.name, "service": self.service, "owner": self.owner}
        return {**self.labels, **own}

    @property
    def window_seconds(self) -> int:
        """The length of the window; the average for months, quarters and years."""
        return self.window.length.seconds

    @property
    def slice_seconds(self) -> int | None:
        """The length of a time slice; None for budgets counted in jobs."""
        of_jobs = self.budgeting.method is BudgetingMethod.OCCURRENCES
        return None if of_jobs else 60 * self.budgeting.slice_minutes


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Objectives by file, and the errors of invalid files.

    An invalid file that was valid before keeps the objectives it had then.
    """

    by_file: Mapping[Path, tuple[Objective, ...]] = field(default_factory=dict)
    faults: Mapping[Path, str] = field(default_factory=dict)

    @property
    def objectives(self) -> list[Objective]:
        """All objectives; if two files define the same name, the first file wins."""
        named: dict[str, Objective] = {}
        for path in sorted(self.by_file):
            for objective in self.by_file[path]:
                named.setdefault(objective.name, objective)
        return list(named.values())


def load_objectives(paths: Sequence[Path]) -> list[Objective]:
    """Every objective in the files; finding none, or one name twice, is an error."""
    return objectives_from(load_library(paths), ", ".join(map(str, paths)))


def objectives_from(library: Library, names: str) -> list[Objective]:
    """Every objective in a library of the files of these names; finding none is an error."""
    found = [objective for slo, place in library.slos() for objective in objectives_of(slo, place)]
    if not found:
        raise InputError(f"no objectives in {names or 'no files'}")
    return found


def read_catalogue(paths: Sequence[Path], before: Catalogue | None = None) -> Catalogue:
    """Read every file; an invalid one does not affect the others."""
    library, faults = Library(), {}
    known = spec_files(paths)
    for path in known:
        try:
            placed = list(read_spec(path))
            for one in placed:
                library.add(one)
        except InputError as error:
            faults[path] = str(error)
    by_file: dict[Path, tuple[Objective, ...]] = {}
    for path in known:
        try:
            if path not in faults:
                by_file[path] = tuple(objectives_in(path, library))
        except InputError as error:
            faults[path] = str(error)
    if before:
        kept = {path: before.by_file[path] for path in faults if path in before.by_file}
        by_file |= kept
    return Catalogue(by_file, faults)


def objectives_in(path: Path, library: Library) -> list[Objective]:
    """The objectives of the SLOs in one file; their references may be in any file."""
    return [
        objective
        for placed in list(library.documents.values())
        if isinstance(placed.document, Slo) and placed.place.source == str(path)
        for objective in objectives_of(
            library.resolve_slo(placed.document, placed.place), placed.place
        )
    ]


def default_objectives() -> list[Objective]:
    """The objectives framegate ships, for all three workload classes."""
    return load_objectives(default_files())


def objectives_of(slo: Slo, place: FilePlace) -> list[Objective]:
    """The objectives of an SLO; several are named after it, with a number each.

    If each entry has its own indicator, they are the components of one composite.
    """
    parts = [
        build_component(slo, objective, place, place.at("spec.objectives", number))
        for number, objective in enumerate(slo.spec.objectives)
    ]
    if slo.spec.indicator is None:
        check_composite(slo, parts, place)
        return [build_objective(slo, slo.metadata.name, tuple(parts), place)]
    return [
        build_objective(slo, name, (part,), place)
        for name, part in zip(objective_names(slo), parts, strict=True)
    ]


def build_component(
    slo: Slo, objective: kinds.OpenSloObjective, whole: FilePlace, place: FilePlace
) -> Component:
    """One component, with its own indicator or the SLO's."""
    spec = indicator_spec(slo, objective)
    holder = place if objective.indicator else whole.at("spec")
    at = holder.at("indicator.spec")
    check_objective(spec, objective, place)
    notes = slo.metadata.annotations
    groups, sources = (split_list(notes.get(key, "")) for key in (GROUP_BY, SOURCES))
    return Component(
        name=component_name(slo, objective),
        sli=indicator_of(spec, objective, groups, at=at, place=place),
        target=objective.target_ratio,
        budgeting=build_budgeting(slo.spec.budgeting_method, objective, place),
        threshold=objective.value,
        weight=objective.composite_weight,
        sources=sources,
        good_when=good_when(spec, objective),
    )


def build_objective(
    slo: Slo, name: str, parts: tuple[Component, ...], place: FilePlace
) -> Objective:
    notes = required_annotations(slo, place)
    try:
        target = objective_target(parts)
    except InputError as error:
        raise InputError(f"{place.at('spec.objectives')}: {error}") from error
    return Objective(
        name=name,
        service=slo.spec.service,
        description=slo.spec.description or slo.metadata.display_name or slo.metadata.name,
        labels={key: label_text(value) for key, value in slo.metadata.labels.items()},
        parts=parts,
        target=target,
        window=slo.spec.time_window[0],
        rules=alert_rules(slo, place),
        by_group=notes.get(BY_GROUP) == "true",
        owner=notes[OWNER],
        runbook=notes[RUNBOOK],
        reason=notes[REASON],
    )


def check_composite(slo: Slo, parts: Sequence[Component], place: FilePlace) -> None:
    """Raises InputError if the components cannot be combined."""
    where = place.at("spec.objectives")
    if len({part.name for part in parts}) < len(parts):
        raise InputError(f"{where}: two components have the same name; set displayName")
    if len({part.budgeting.slice_minutes for part in parts}) > 1:
        raise InputError(f"{where}: all components of a composite need the same timeSliceWindow")
    weights = {part.weight for part in parts}
    if len(weights) > 1 and slo.spec.budgeting_method is not BudgetingMethod.OCCURRENCES:
        raise InputError(f"{where}: compositeWeight is allowed only with Occurrences")
    if slo.metadata.annotations.get(GROUP_BY):
        raise InputError(
            f"{place.at('metadata.annotations')}: {GROUP_BY!r} is not supported for composites"
        )


def split_list(text: str) -> tuple[str, ...]:
    """The names in a comma-separated list."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def label_text(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else ",".join(value)


def build_budgeting(
    method: BudgetingMethod, objective: kinds.OpenSloObjective, place: FilePlace
) -> Budgeting:
    if method is BudgetingMethod.OCCURRENCES or objective.time_slice_window is None:
        return Budgeting(method)
    length = parse_duration(objective.time_slice_window)
    if length.unit in MONTHS:
        raise InputError(f"{place}: timeSliceWindow {length} has no fixed length")
    return Budgeting(method, length.seconds // 60, objective.time_slice_target or Decimal(1))
