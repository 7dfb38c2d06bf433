"""OpenSLO v1 as it is written: every kind, with the specification's own rules.

github.com/OpenSLO/OpenSLO; what its prose leaves open is as in its Go SDK.
Nothing here knows what framegate can compute.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic.alias_generators import to_camel

from framegate.slo.openslo.periods import TimeWindow, duration_from
from framegate.slo.openslo.strict_model import (
    DNS_NAME,
    Strict,
    annotation_key,
    at_most_one,
    exactly_one,
    label_key,
)

LONGEST_TEXT = 1_050
PLACES = 12  # of a share; as a fraction, 1e-999999999 would fill the memory
DIGITS = 30  # of any other number, for the same reason
Name = Annotated[str, Field(pattern=rf"^{DNS_NAME}$")]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
Required = Annotated[str, Field(min_length=1)]
Number = Annotated[Decimal, Field(max_digits=DIGITS, decimal_places=PLACES)]
Duration = Annotated[str, AfterValidator(lambda text: str(duration_from(text)))]


class Operator(StrEnum):
    GT = "gt"
    LT = "lt"
    GTE = "gte"
    LTE = "lte"


class BudgetingMethod(StrEnum):
    OCCURRENCES = "Occurrences"
    TIMESLICES = "Timeslices"
    RATIO_TIMESLICES = "RatioTimeslices"


class Metadata(Strict):
    name: Name
    display_name: Annotated[str, Field(max_length=63)] | None = None
    labels: Mapping[Annotated[str, AfterValidator(label_key)], str | tuple[str, ...]] = {}
    annotations: Mapping[Annotated[str, AfterValidator(annotation_key)], str] = {}


class MetricSource(Strict):
    """Where a number comes from; ``spec`` is its source's own."""

    metric_source_ref: Name | None = None
    type: Required | None = None
    spec: Annotated[Mapping[str, Any], Field(min_length=1)]


class Metric(Strict):
    metric_source: MetricSource


class RatioMetric(Strict):
    """Good or bad, of total; or a ratio as it is."""

    counter: bool = False
    good: Metric | None = None
    bad: Metric | None = None
    total: Metric | None = None
    raw_type: Literal["success", "failure"] | None = None
    raw: Metric | None = None

    @model_validator(mode="after")
    def forms(self) -> Self:
        exactly_one(self, "total", "raw")
        if self.total:
            exactly_one(self, "good", "bad")
        elif self.good or self.bad:
            raise ValueError("good and bad need total, and not raw")
        if self.raw and not self.raw_type:
            raise ValueError("raw needs rawType")
        return self


class SliSpec(Strict):
    description: Text = ""
    threshold_metric: Metric | None = None
    ratio_metric: RatioMetric | None = None

    @model_validator(mode="after")
    def forms(self) -> Self:
        exactly_one(self, "thresholdMetric", "ratioMetric")
        return self


class Indicator(Strict):
    metadata: Metadata
    spec: SliSpec


class Objective(Strict):
    """``target`` is a share of what is counted, ``time_slice_target`` of each slice."""

    display_name: str = ""
    op: Operator | None = None
    value: Number | None = None
    target: Annotated[Decimal, Field(ge=0, lt=1, decimal_places=PLACES)] | None = None
    target_percent: Annotated[Decimal, Field(ge=0, lt=100, decimal_places=PLACES)] | None = None
    time_slice_target: Annotated[Decimal, Field(gt=0, le=1, decimal_places=PLACES)] | None = None
    time_slice_window: Duration | None = None
    indicator: Indicator | None = None
    indicator_ref: Name | None = None
    composite_weight: Annotated[Decimal, Field(gt=0)] = Decimal(1)

    @model_validator(mode="after")
    def forms(self) -> Self:
        exactly_one(self, "target", "targetPercent")
        at_most_one(self, "indicator", "indicatorRef")
        return self

    @property
    def share(self) -> Decimal:
        """The target, however it was written."""
        if self.target is not None:
            return self.target
        assert self.target_percent is not None
        return self.target_percent / 100

    @property
    def is_part(self) -> bool:
        """Whether it has an indicator of its own, as parts of a composite SLO have."""
        return bool(self.indicator or self.indicator_ref)


class BurnRate(Strict):
    kind: Literal["burnrate"]
    op: Operator
    threshold: Number
    lookback_window: Duration
    alert_after: Duration | None = None


class AlertConditionSpec(Strict):
    description: Text = ""
    severity: Required
    condition: BurnRate


class AlertNotificationTargetSpec(Strict):
    description: Text = ""
    target: Required


class Entry(Strict):
    """An object in place or, by its name, elsewhere; exactly one of the two."""

    metadata: Metadata | None = None

    @model_validator(mode="after")
    def forms(self) -> Self:
        (ref,) = [name for name in type(self).model_fields if name.endswith("_ref")]
        inline = [getattr(self, part) for part in ("kind", "metadata", "spec")]
        if getattr(self, ref) is None and None in inline:
            raise ValueError(f"needs kind, metadata and spec, or {to_camel(ref)}")
        if getattr(self, ref) is not None and inline != [None] * 3:
            raise ValueError(f"has {to_camel(ref)} and more; it must be one or the other")
        return self


class ConditionEntry(Entry):
    condition_ref: Name | None = None
    kind: Literal["AlertCondition"] | None = None
    spec: AlertConditionSpec | None = None


class TargetEntry(Entry):
    target_ref: Name | None = None
    kind: Literal["AlertNotificationTarget"] | None = None
    spec: AlertNotificationTargetSpec | None = None


class AlertPolicySpec(Strict):
    description: Text = ""
    alert_when_no_data: bool = False
    alert_when_breaching: bool = False
    alert_when_resolved: bool = False
    conditions: Annotated[tuple[ConditionEntry, ...], Field(min_length=1, max_length=1)]
    notification_targets: Annotated[tuple[TargetEntry, ...], Field(min_length=1)]


class PolicyEntry(Entry):
    alert_policy_ref: Name | None = None
    kind: Literal["AlertPolicy"] | None = None
    spec: AlertPolicySpec | None = None


class SloSpec(Strict):
    description: Text = ""
    service: Required
    indicator: Indicator | None = None
    indicator_ref: Name | None = None
    budgeting_method: BudgetingMethod
    time_window: Annotated[tuple[TimeWindow, ...], Field(min_length=1, max_length=1)]
    objectives: Annotated[tuple[Objective, ...], Field(min_length=1)]
    alert_policies: tuple[PolicyEntry, ...] = ()

    @model_validator(mode="after")
    def forms(self) -> Self:
        at_most_one(self, "indicator", "indicatorRef")
        whole = bool(self.indicator or self.indicator_ref)
        parts = [objective.is_part for objective in self.objectives]
        if whole == any(parts):
            raise ValueError("an indicator is either the SLO's or each objective's")
        if any(parts) and not all(parts):
            raise ValueError("of a composite SLO every objective has an indicator")
        for objective in self.objectives:
            self.check_slices(objective)
        return self

    def check_slices(self, objective: Objective) -> None:
        if self.budgeting_method is BudgetingMethod.OCCURRENCES:
            return
        if objective.time_slice_window is None:
            raise ValueError(f"{self.budgeting_method} needs timeSliceWindow in each objective")
        timeslices = self.budgeting_method is BudgetingMethod.TIMESLICES
        if timeslices and objective.time_slice_target is None:
            raise ValueError("Timeslices needs timeSliceTarget in each objective")


class DataSourceSpec(Strict):
    description: Text = ""
    type: Required
    connection_details: Annotated[Mapping[str, Any], Field(min_length=1)]


class ServiceSpec(Strict):
    description: Text = ""


class Document(Strict):
    api_version: Literal["openslo/v1"]
    kind: str
    metadata: Metadata


class Slo(Document):
    spec: SloSpec


class Sli(Document):
    spec: SliSpec


class DataSource(Document):
    spec: DataSourceSpec


class Service(Document):
    spec: ServiceSpec


class AlertPolicy(Document):
    spec: AlertPolicySpec


class AlertCondition(Document):
    spec: AlertConditionSpec


class AlertNotificationTarget(Document):
    spec: AlertNotificationTargetSpec


KINDS: Mapping[str, type[Document]] = {
    "SLO": Slo,
    "SLI": Sli,
    "DataSource": DataSource,
    "Service": Service,
    "AlertPolicy": AlertPolicy,
    "AlertCondition": AlertCondition,
    "AlertNotificationTarget": AlertNotificationTarget,
}
