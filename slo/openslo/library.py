"""Documents of OpenSLO and Sloth files by name, with their references resolved."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from framegate.slo.openslo.kinds import (
    KINDS,
    AlertCondition,
    AlertNotificationTarget,
    AlertPolicy,
    AlertPolicySpec,
    ConditionEntry,
    DataSource,
    MetricSource,
    OpenSloDocument,
    OpenSloIndicator,
    OpenSloMetric,
    OpenSloObjective,
    OpenSloSli,
    PolicyEntry,
    SliSpec,
    Slo,
    TargetEntry,
)
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import (
    FilePlace,
    faults_at,
    parse_documents,
    read_text,
)

DocumentT = TypeVar("DocumentT", bound=OpenSloDocument)
SourceT = TypeVar("SourceT", bound=BaseModel)
SUFFIXES = (".yaml", ".yml", ".json")  # of files of objectives in a folder

FileStamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class LocatedDocument:
    """A document and its place in a file, for messages."""

    document: OpenSloDocument
    place: FilePlace


@dataclass(slots=True)
class Library:
    """Documents by kind and name."""

    documents: dict[tuple[str, str], LocatedDocument] = field(default_factory=dict)

    def add(self, new: LocatedDocument) -> None:
        """Raises InputError if the kind already has a document of that name."""
        key = (new.document.kind, new.document.metadata.name)
        if key in self.documents:
            first = self.documents[key].place
            raise InputError(f"{new.place}: {key[0]} {key[1]!r} is already defined in {first}")
        self.documents[key] = new

    def slos(self) -> list[tuple[Slo, FilePlace]]:
        """Every SLO with its references resolved, and its place."""
        return [
            (self.resolve_slo(placed.document, placed.place), placed.place)
            for placed in self.documents.values()
            if isinstance(placed.document, Slo)
        ]

    def find_document(self, kind: type[DocumentT], name: str, *, place: FilePlace) -> DocumentT:
        """The document of that name; raises InputError naming place and value."""
        placed = self.documents.get((kind_name(kind), name))
        if placed is None or not isinstance(placed.document, kind):
            raise InputError(f"{place}: {kind_name(kind)} {name!r} does not exist")
        return placed.document

    def resolve_slo(self, slo: Slo, place: FilePlace) -> Slo:
        spec = slo.spec
        found = spec.model_copy(
            update={
                **self.resolve_indicator(spec, place=place.at("spec")),
                "objectives": tuple(
                    self.resolve_objective(objective, place=place.at("spec.objectives", number))
                    for number, objective in enumerate(spec.objectives)
                ),
                "alert_policies": tuple(
                    self.resolve_policy(entry, place=place.at("spec.alertPolicies", number))
                    for number, entry in enumerate(spec.alert_policies)
                ),
            }
        )
        return slo.model_copy(update={"spec": found})

    def resolve_objective(
        self, objective: OpenSloObjective, *, place: FilePlace
    ) -> OpenSloObjective:
        return objective.model_copy(update=self.resolve_indicator(objective, place=place))

    def resolve_indicator(
        self, holder: Any, *, place: FilePlace
    ) -> dict[str, OpenSloIndicator | None]:
        """The indicator of a spec or an objective, inline or referenced, with resolved sources."""
        indicator: OpenSloIndicator | None = holder.indicator
        where = place.at("indicator")
        if holder.indicator_ref:
            where = place.at("indicatorRef")
            sli = self.find_document(OpenSloSli, holder.indicator_ref, place=where)
            indicator = OpenSloIndicator.model_construct(metadata=sli.metadata, spec=sli.spec)
        if indicator is None:
            return {}
        spec = self.resolve_sli(indicator.spec, place=where)
        return {"indicator": indicator.model_copy(update={"spec": spec}), "indicator_ref": None}

    def resolve_sli(self, spec: SliSpec, *, place: FilePlace) -> SliSpec:
        ratio = spec.ratio_metric
        return spec.model_copy(
            update={
                "threshold_metric": self.resolve_metric(spec.threshold_metric, place=place),
                "ratio_metric": ratio
                and ratio.model_copy(
                    update={
                        side: self.resolve_metric(getattr(ratio, side), place=place)
                        for side in ("good", "bad", "total", "raw")
                    }
                ),
            }
        )

    def resolve_metric(
        self, metric: OpenSloMetric | None, *, place: FilePlace
    ) -> OpenSloMetric | None:
        """A metric with the type and connection details of its data source."""
        if metric is None or metric.metric_source.metric_source_ref is None:
            return metric
        source = metric.metric_source
        named = self.find_document(DataSource, source.metric_source_ref or "", place=place).spec
        if source.type not in (None, named.type):
            raise InputError(
                f"{place}: type {source.type!r} is not that of its data source, {named.type!r}"
            )
        joined = MetricSource.model_construct(
            metric_source_ref=None,
            type=named.type,
            spec={**named.connection_details, **source.spec},
        )
        return metric.model_copy(update={"metric_source": joined})

    def resolve_policy(self, entry: PolicyEntry, *, place: FilePlace) -> PolicyEntry:
        metadata, spec = entry.metadata, entry.spec
        if entry.alert_policy_ref:
            policy = self.find_document(AlertPolicy, entry.alert_policy_ref, place=place)
            metadata, spec = policy.metadata, policy.spec
        assert spec
        return PolicyEntry.model_construct(
            kind="AlertPolicy", metadata=metadata, spec=self.resolve_policy_spec(spec, place=place)
        )

    def resolve_policy_spec(self, spec: AlertPolicySpec, *, place: FilePlace) -> AlertPolicySpec:
        conditions = tuple(self.resolve_condition(entry, place=place) for entry in spec.conditions)
        targets = tuple(self.resolve_target(one, place=place) for one in spec.notification_targets)
        return spec.model_copy(update={"conditions": conditions, "notification_targets": targets})

    def resolve_condition(self, entry: ConditionEntry, *, place: FilePlace) -> ConditionEntry:
        if not entry.condition_ref:
            return entry
        found = self.find_document(AlertCondition, entry.condition_ref, place=place)
        return ConditionEntry.model_construct(
            kind="AlertCondition", metadata=found.metadata, spec=found.spec
        )

    def resolve_target(self, entry: TargetEntry, *, place: FilePlace) -> TargetEntry:
        if not entry.target_ref:
            return entry
        found = self.find_document(AlertNotificationTarget, entry.target_ref, place=place)
        return TargetEntry.model_construct(
            kind="AlertNotificationTarget", metadata=found.metadata, spec=found.spec
        )


def kind_name(kind: type[OpenSloDocument]) -> str:
    return next(name for name, known in KINDS.items() if known is kind)


def load_library(paths: Sequence[Path]) -> Library:
    """Every document of the files; raises InputError naming file, line, key and value."""
    found = Library()
    for path in paths:
        for placed in read_spec(path):
            found.add(placed)
    return found


def spec_files(paths: Sequence[Path]) -> list[Path]:
    """The given files, and the files of objectives directly inside the given folders."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        found += [one for one in inside if one == path or one.suffix in SUFFIXES]
    return found


def stamp_files(paths: Sequence[Path]) -> FileStamp:
    """A value that changes when a file is changed, added or removed."""
    seen = []
    for path in spec_files(paths):
        try:
            state = path.stat()
        except OSError:
            continue
        seen.append((str(path), state.st_mtime_ns, state.st_size))
    return tuple(seen)


def read_spec(path: Path) -> Iterator[LocatedDocument]:
    """The documents of a file; raises InputError."""
    yield from parse_spec(read_text(path), str(path))


def parse_spec(text: str, source: str) -> Iterator[LocatedDocument]:
    """The documents in the contents of a file; raises InputError."""
    for written in parse_documents(text, source, exact=True):
        whole = FilePlace(source, written.lines)
        if isinstance(written.value, list):
            for number, item in enumerate(written.value):
                yield from documents_from_mapping(item, whole.at(number))
        elif written.value is not None:  # two separators without a document between them
            yield from documents_from_mapping(written.value, whole)


def documents_from_mapping(raw: Any, place: FilePlace) -> Iterator[LocatedDocument]:
    """One OpenSLO document, or the SLOs of one Sloth document."""
    if is_sloth(raw):
        from framegate.slo.openslo.sloth import slos_from_sloth  # loads a parser of PromQL

        for slo, where in slos_from_sloth(raw, place):
            yield LocatedDocument(slo, where)
    else:
        yield LocatedDocument(validate_document(raw, place), place)


def is_sloth(raw: Any) -> bool:
    if not isinstance(raw, Mapping):
        return False
    return "version" in raw or str(raw.get("apiVersion", "")).startswith("sloth.slok.dev/")


def validate_document(raw: Any, place: FilePlace) -> OpenSloDocument:
    kind = raw.get("kind") if isinstance(raw, Mapping) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError(f"{place.at('kind')}: {kind!r} must be one of {', '.join(KINDS)}")
    with faults_at(place, KINDS[kind]):
        return KINDS[kind].model_validate(raw)


def parse_metric_source(
    kind: type[SourceT], metric: OpenSloMetric, where: FilePlace, expected: str = "framegate"
) -> SourceT:
    found = metric.metric_source
    if found.type != expected:
        raise InputError(f"{where.at('type')}: {found.type!r} must be {expected!r}")
    with faults_at(where.at("spec"), kind):
        return kind.model_validate(found.spec)
