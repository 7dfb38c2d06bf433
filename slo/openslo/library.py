"""OpenSLO documents by their names, and what refers to them with all of it in place."""

from dataclasses import dataclass, field
from typing import Any, TypeVar

from framegate.slo.openslo.kinds import (
    KINDS,
    AlertCondition,
    AlertNotificationTarget,
    AlertPolicy,
    AlertPolicySpec,
    ConditionEntry,
    DataSource,
    Document,
    Indicator,
    Metric,
    MetricSource,
    Objective,
    PolicyEntry,
    Sli,
    SliSpec,
    Slo,
    TargetEntry,
)
from framegate.telemetry.platform.errors import InputError

Found = TypeVar("Found", bound=Document)


@dataclass(frozen=True, slots=True)
class Placed:
    """A document and where it stands, for messages."""

    document: Document
    place: str


@dataclass(slots=True)
class Library:
    """Documents by kind and name."""

    placed: dict[tuple[str, str], Placed] = field(default_factory=dict)

    def add(self, new: Placed) -> None:
        """Raises InputError for a name that the kind has already."""
        key = (new.document.kind, new.document.metadata.name)
        if key in self.placed:
            first = self.placed[key].place
            raise InputError(f"{new.place}: {key[0]} {key[1]!r} is defined in {first} already")
        self.placed[key] = new

    def slos(self) -> list[tuple[Slo, str]]:
        """Every SLO with all it refers to in place, and where it stands."""
        return [
            (self.whole(placed.document, placed.place), placed.place)
            for placed in self.placed.values()
            if isinstance(placed.document, Slo)
        ]

    def named(self, kind: type[Found], name: str, *, place: str) -> Found:
        """The document of that name; raises InputError naming place and value."""
        placed = self.placed.get((kind_name(kind), name))
        if placed is None or not isinstance(placed.document, kind):
            raise InputError(f"{place}: there is no {kind_name(kind)} {name!r}")
        return placed.document

    def whole(self, slo: Slo, place: str) -> Slo:
        spec = slo.spec
        found = spec.model_copy(
            update={
                **self.with_indicator(spec, place=f"{place}, spec"),
                "objectives": tuple(
                    self.whole_objective(objective, place=f"{place}, spec.objectives.{number}")
                    for number, objective in enumerate(spec.objectives)
                ),
                "alert_policies": tuple(
                    self.whole_policy(entry, place=f"{place}, spec.alertPolicies.{number}")
                    for number, entry in enumerate(spec.alert_policies)
                ),
            }
        )
        return slo.model_copy(update={"spec": found})

    def whole_objective(self, objective: Objective, *, place: str) -> Objective:
        return objective.model_copy(update=self.with_indicator(objective, place=place))

    def with_indicator(self, holder: Any, *, place: str) -> dict[str, Indicator | None]:
        """The indicator that a spec or an objective has or refers to, its sources in place."""
        indicator: Indicator | None = holder.indicator
        where = f"{place}.indicator"
        if holder.indicator_ref:
            where = f"{place}.indicatorRef"
            sli = self.named(Sli, holder.indicator_ref, place=where)
            indicator = Indicator.model_construct(metadata=sli.metadata, spec=sli.spec)
        if indicator is None:
            return {}
        spec = self.whole_sli(indicator.spec, place=where)
        return {"indicator": indicator.model_copy(update={"spec": spec}), "indicator_ref": None}

    def whole_sli(self, spec: SliSpec, *, place: str) -> SliSpec:
        ratio = spec.ratio_metric
        return spec.model_copy(
            update={
                "threshold_metric": self.whole_metric(spec.threshold_metric, place=place),
                "ratio_metric": ratio
                and ratio.model_copy(
                    update={
                        side: self.whole_metric(getattr(ratio, side), place=place)
                        for side in ("good", "bad", "total", "raw")
                    }
                ),
            }
        )

    def whole_metric(self, metric: Metric | None, *, place: str) -> Metric | None:
        """With the type of its data source, whose connection details join its spec."""
        if metric is None or metric.metric_source.metric_source_ref is None:
            return metric
        source = metric.metric_source
        named = self.named(DataSource, source.metric_source_ref or "", place=place).spec
        if source.type not in (None, named.type):
            raise InputError(
                f"{place}: type {source.type!r} is not its data source's {named.type!r}"
            )
        joined = MetricSource.model_construct(
            metric_source_ref=None,
            type=named.type,
            spec={**named.connection_details, **source.spec},
        )
        return metric.model_copy(update={"metric_source": joined})

    def whole_policy(self, entry: PolicyEntry, *, place: str) -> PolicyEntry:
        metadata, spec = entry.metadata, entry.spec
        if entry.alert_policy_ref:
            policy = self.named(AlertPolicy, entry.alert_policy_ref, place=place)
            metadata, spec = policy.metadata, policy.spec
        assert spec
        return PolicyEntry.model_construct(
            kind="AlertPolicy", metadata=metadata, spec=self.whole_alerts(spec, place=place)
        )

    def whole_alerts(self, spec: AlertPolicySpec, *, place: str) -> AlertPolicySpec:
        conditions = tuple(self.whole_condition(entry, place=place) for entry in spec.conditions)
        targets = tuple(self.whole_target(one, place=place) for one in spec.notification_targets)
        return spec.model_copy(update={"conditions": conditions, "notification_targets": targets})

    def whole_condition(self, entry: ConditionEntry, *, place: str) -> ConditionEntry:
        if not entry.condition_ref:
            return entry
        found = self.named(AlertCondition, entry.condition_ref, place=place)
        return ConditionEntry.model_construct(
            kind="AlertCondition", metadata=found.metadata, spec=found.spec
        )

    def whole_target(self, entry: TargetEntry, *, place: str) -> TargetEntry:
        if not entry.target_ref:
            return entry
        found = self.named(AlertNotificationTarget, entry.target_ref, place=place)
        return TargetEntry.model_construct(
            kind="AlertNotificationTarget", metadata=found.metadata, spec=found.spec
        )


def kind_name(kind: type[Document]) -> str:
    return next(name for name, known in KINDS.items() if known is kind)
