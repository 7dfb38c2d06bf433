"""The OpenSLO v1 documents: every kind, with the rules of the specification.

github.com/OpenSLO/OpenSLO; where its text is silent, its Go SDK decides.
Nothing here knows what framegate can compute.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic.alias_generators import to_camel

from framegate.slo.openslo.fields import (
    DECIMAL_PLACES,
    BoundedText,
    CamelCaseModel,
    DnsName,
    DurationText,
    NonEmptyText,
    Number,
    TimeWindow,
    require_at_most_one,
    require_exactly_one,
    validate_annotation_key,
    validate_label_key,
)


class ComparisonOperator(StrEnum):
    GT = "gt"
    LT = "lt"
    GTE = "gte"
    LTE = "lte"


class BudgetingMethod(StrEnum):
    OCCURRENCES = "Occurrences"
    TIMESLICES = "Timeslices"
    RATIO_TIMESLICES = "RatioTimeslices"


class OpenSloMetadata(CamelCaseModel):
    name: DnsName
    display_name: Annotated[str, Field(max_length=63)] | None = None
    labels: Mapping[Annotated[str, AfterValidator(validate_label_key)], str | tuple[str, ...]] = {}
    annotations: Mapping[Annotated[str, AfterValidator(validate_annotation_key)], str] = {}


class MetricSource(CamelCaseModel):
    """The source of a number; ``spec`` depends on the type of the source."""

    metric_source_ref: DnsName | None = None
    type: NonEmptyText | None = None
    spec: Annotated[Mapping[str, Any], Field(min_length=1)]


class OpenSloMetric(CamelCaseModel):
    metric_source: MetricSource


class RatioMetric(CamelCaseModel):
    """Good or bad out of total, or a raw ratio."""

    counter: bool = False
    good: OpenSloMetric | None = None
    bad: OpenSloMetric | None = None
    total: OpenSloMetric | None = None
    raw_type: Literal["success", "failure"] | None = None
    raw: OpenSloMetric | None = None

    @model_validator(mode="after")
    def check_forms(self) -> Self:
        require_exactly_one(self, "total", "raw")
        if self.total:
            require_exactly_one(self, "good", "bad")
        elif self.good or self.bad:
            raise ValueError("good and bad need total, not raw")
        if self.raw and not self.raw_type:
            raise ValueError("raw needs rawType")
        return self


class SliSpec(CamelCaseModel):
    description: BoundedText = ""
    threshold_metric: OpenSloMetric | None = None
    ratio_metric: RatioMetric | None = None

    @model_validator(mode="after")
    def check_forms(self) -> Self:
        require_exactly_one(self, "thresholdMetric", "ratioMetric")
        return self


class OpenSloIndicator(CamelCaseModel):
    metadata: OpenSloMetadata
    spec: SliSpec


class OpenSloObjective(CamelCaseModel):
    """``target`` is the ratio over the window, ``time_slice_target`` the ratio in each slice."""

    display_name: str = ""
    op: ComparisonOperator | None = None
    value: Number | None = None
    target: Annotated[Decimal, Field(ge=0, lt=1, decimal_places=DECIMAL_PLACES)] | None = None
    target_percent: (
        Annotated[Decimal, Field(ge=0, lt=100, decimal_places=DECIMAL_PLACES)] | None
    ) = None
    time_slice_target: (
        Annotated[Decimal, Field(gt=0, le=1, decimal_places=DECIMAL_PLACES)] | None
    ) = None
    time_slice_window: DurationText | None = None
    indicator: OpenSloIndicator | None = None
    indicator_ref: DnsName | None = None
    composite_weight: Annotated[Decimal, Field(gt=0)] = Decimal(1)

    @model_validator(mode="after")
    def check_forms(self) -> Self:
        require_exactly_one(self, "target", "targetPercent")
        require_at_most_one(self, "indicator", "indicatorRef")
        return self

    @property
    def target_ratio(self) -> Decimal:
        """The target as a ratio, from ``target`` or ``targetPercent``."""
        if self.target is not None:
            return self.target
        assert self.target_percent is not None
        return self.target_percent / 100

    @property
    def is_part(self) -> bool:
        """Whether it has an indicator of its own, as parts of a composite SLO have."""
        return bool(self.indicator or self.indicator_ref)


class BurnRateCondition(CamelCaseModel):
    kind: Literal["burnrate"]
    op: ComparisonOperator
    threshold: Number
    lookback_window: DurationText
    alert_after: DurationText | None = None


class AlertConditionSpec(CamelCaseModel):
    description: BoundedText = ""
    severity: NonEmptyText
    condition: BurnRateCondition


class AlertNotificationTargetSpec(CamelCaseModel):
    description: BoundedText = ""
    target: NonEmptyText


class InlineOrReference(CamelCaseModel):
    """An inline object or a reference to one by name; exactly one of the two."""

    metadata: OpenSloMetadata | None = None

    @model_validator(mode="after")
    def check_forms(self) -> Self:
        (ref,) = [name for name in type(self).model_fields if name.endswith("_ref")]
        inline = [getattr(self, part) for part in ("kind", "metadata", "spec")]
        if getattr(self, ref) is None and None in inline:
            raise ValueError(f"needs kind, metadata and spec, or {to_camel(ref)}")
        if getattr(self, ref) is not None and inline != [None] * 3:
            raise ValueError(f"has both {to_camel(ref)} and an inline object; use one of them")
        return self


class ConditionEntry(InlineOrReference):
    condition_ref: DnsName | None = None
    kind: Literal["AlertCondition"] | None = None
    spec: AlertConditionSpec | None = None


class TargetEntry(InlineOrReference):
    target_ref: DnsName | None = None
    kind: Literal["AlertNotificationTarget"] | None = None
    spec: AlertNotificationTargetSpec | None = None


class AlertPolicySpec(CamelCaseModel):
    description: BoundedText = ""
    alert_when_no_data: bool = False
    alert_when_breaching: bool = False
    alert_when_resolved: bool = False
    conditions: Annotated[tuple[ConditionEntry, ...], Field(min_length=1, max_length=1)]
    notification_targets: Annotated[tuple[TargetEntry, ...], Field(min_length=1)]


class PolicyEntry(InlineOrReference):
    alert_policy_ref: DnsName | None = None
    kind: Literal["AlertPolicy"] | None = None
    spec: AlertPolicySpec | None = None


class SloSpec(CamelCaseModel):
    description: BoundedText = ""
    service: NonEmptyText
    indicator: OpenSloIndicator | None = None
    indicator_ref: DnsName | None = None
    budgeting_method: BudgetingMethod
    time_window: Annotated[tuple[TimeWindow, ...], Field(min_length=1, max_length=1)]
    objectives: Annotated[tuple[OpenSloObjective, ...], Field(min_length=1)]
    alert_policies: tuple[PolicyEntry, ...] = ()

    @model_validator(mode="after")
    def check_forms(self) -> Self:
        require_at_most_one(self, "indicator", "indicatorRef")
        whole = bool(self.indicator or self.indicator_ref)
        parts = [objective.is_part for objective in self.objectives]
        if whole == any(parts):
            raise ValueError("needs one indicator for the SLO, or one in each objective")
        if any(parts) and not all(parts):
            raise ValueError("every objective of a composite SLO needs an indicator")
        for objective in self.objectives:
            self.check_slices(objective)
        return self

    def check_slices(self, objective: OpenSloObjective) -> None:
        if self.budgeting_method is BudgetingMethod.OCCURRENCES:
            return
        if objective.time_slice_window is None:
            raise ValueError(f"{self.budgeting_method} needs timeSliceWindow in each objective")
        timeslices = self.budgeting_method is BudgetingMethod.TIMESLICES
        if timeslices and objective.time_slice_target is None:
            raise ValueError("Timeslices needs timeSliceTarget in each objective")


class DataSourceSpec(CamelCaseModel):
    description: BoundedText = ""
    type: NonEmptyText
    connection_details: Annotated[Mapping[str, Any], Field(min_length=1)]


class ServiceSpec(CamelCaseModel):
    description: BoundedText = ""


class OpenSloDocument(CamelCaseModel):
    api_version: Literal["openslo/v1"]
    kind: str
    metadata: OpenSloMetadata


class Slo(OpenSloDocument):
    spec: SloSpec


class OpenSloSli(OpenSloDocument):
    spec: SliSpec


class DataSource(OpenSloDocument):
    spec: DataSourceSpec


class OpenSloService(OpenSloDocument):
    spec: ServiceSpec


class AlertPolicy(OpenSloDocument):
    spec: AlertPolicySpec


class AlertCondition(OpenSloDocument):
    spec: AlertConditionSpec


class AlertNotificationTarget(OpenSloDocument):
    spec: AlertNotificationTargetSpec


KINDS: Mapping[str, type[OpenSloDocument]] = {
    "SLO": Slo,
    "SLI": OpenSloSli,
    "DataSource": DataSource,
    "Service": OpenSloService,
    "AlertPolicy": AlertPolicy,
    "AlertCondition": AlertCondition,
    "AlertNotificationTarget": AlertNotificationTarget,
}
