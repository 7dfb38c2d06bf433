"""framegate's own metric sources: from an OpenSLO indicator to what is counted."""

from dataclasses import replace
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from slo.documents import fault
from slo.expressions import Expression, expression
from slo.openslo import Metric, Objective, Operator, RatioMetric, SliSpec
from slo.parts import Kind
from slo.relations import COLUMNS, FUNCTIONS, Relation
from slo.sli import Sli
from telemetry.errors import InputError

SIGNS = {Operator.GT: ">", Operator.GTE: ">=", Operator.LT: "<", Operator.LTE: "<="}
UNITS_NS = {"s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86_400 * 10**9}

Text = Annotated[str, Field(min_length=1)]
Source = TypeVar("Source", bound=BaseModel)


class Good(BaseModel):
    """Which of the counted rows are good, or bad; ``value`` is how much of a row is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    relation: Annotated[Relation | None, Field(alias="from")] = None
    where: Text | None = None
    value: Text | None = None


class Total(BaseModel):
    """Which rows count; what they may still become; ``value`` is how much a row counts as."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    relation: Annotated[Relation, Field(alias="from")] = Relation.JOBS
    where: Text
    open: Text | None = None
    excluded: Text | None = None
    deadline: Annotated[str, Field(pattern=r"^[1-9]\d{0,5}[smhd]$")] | None = None
    value: Text | None = None


def sli_of(
    spec: SliSpec, objective: Objective, groups: tuple[str, ...], *, at: str, place: str
) -> Sli:
    """The indicator, which stands ``at``, for an objective; raises InputError naming the value."""
    if spec.threshold_metric:
        found = threshold_sli(spec.threshold_metric, objective, at=at, place=place)
    elif spec.ratio_metric and spec.ratio_metric.total:
        if objective.op or objective.value is not None:
            raise InputError(f"{place}: op and value are a thresholdMetric's")
        found = ratio_sli(spec.ratio_metric, spec.ratio_metric.total, at)
    else:
        raise InputError(f"{at}: raw ratios cannot be counted")
    for name in groups:
        if COLUMNS[found.relation].get(name) is not Kind.TEXT:
            raise InputError(f"{place}: {name!r} is no text column of {found.relation}")
    return replace(found, groups=groups)


def ratio_sli(ratio: RatioMetric, of_all: Metric, at: str) -> Sli:
    where = f"{at}.ratioMetric"
    if not ratio.counter:
        raise InputError(f"{where}.counter: rows are counted, so it is true")
    total = source(Total, of_all, f"{where}.total.metricSource")
    reader = Reader(total.relation, f"{where}.total.metricSource.spec")
    side = "good" if ratio.good else "bad"
    part = ratio.good or ratio.bad
    assert part
    good = source(Good, part, f"{where}.{side}.metricSource")
    spec = Reader(total.relation, f"{where}.{side}.metricSource.spec")
    if good.relation not in (None, total.relation):
        raise InputError(f"{spec.place}.from: counts {good.relation}, total {total.relation}")
    if good.where is None and good.value is None:
        raise InputError(f"{spec.place}: needs where, value or both")
    if good.value is not None and (side == "bad" or total.value is None):
        raise InputError(f"{spec.place}.value: is for good, where total has a value too")
    condition = good.where or "TRUE"
    if side == "bad":  # a row of which nobody knows whether it is bad is not good
        condition = f"NOT ({condition})"
    return sli(
        total,
        reader,
        good=spec.truth("where", condition),
        good_weight=spec.number("value", good.value),
    )


def threshold_sli(metric: Metric, objective: Objective, *, at: str, place: str) -> Sli:
    where = f"{at}.thresholdMetric.metricSource"
    total = source(Total, metric, where)
    reader = Reader(total.relation, f"{where}.spec")
    if objective.op is None or objective.value is None:
        raise InputError(f"{place}: a thresholdMetric needs op and value")
    if total.value is None:
        raise InputError(f"{where}.spec.value: is missing: what is compared")
    reader.number("value", total.value)  # by itself: a comparison in it must not pass for one
    condition = f"{total.value} {SIGNS[objective.op]} {plain(objective.value)}"
    counted = total.model_copy(update={"value": None})
    return sli(counted, reader, good=reader.truth("value", condition), good_weight=None)


def sli(total: Total, reader: "Reader", *, good: Expression, good_weight: Expression | None) -> Sli:
    if total.deadline and not total.open:
        raise InputError(f"{reader.place}.deadline: is for what is open, and nothing is")
    if total.deadline and total.relation is not Relation.JOBS:
        raise InputError(f"{reader.place}.deadline: is for jobs, not for {total.relation}")
    return Sli(
        relation=total.relation,
        total=reader.truth("where", total.where),
        good=good,
        unjudged=reader.truth("open", total.open) if total.open else None,
        excluded=reader.truth("excluded", total.excluded) if total.excluded else None,
        deadline_ns=length_ns(total.deadline) if total.deadline else None,
        weight=reader.number("value", total.value),
        good_weight=good_weight,
    )


class Reader:
    """Reads the expressions of one relation; errors say where each of them stands."""

    def __init__(self, relation: Relation, place: str) -> None:
        self._relation = relation
        self.place = place

    def truth(self, key: str, text: str) -> Expression:
        return self._read(key, text, Kind.TRUTH)

    def number(self, key: str, text: str | None) -> Expression | None:
        return None if text is None else self._read(key, text, Kind.NUMBER)

    def _read(self, key: str, text: str, kind: Kind) -> Expression:
        columns, functions = COLUMNS[self._relation], FUNCTIONS[self._relation]
        try:
            return expression(text, columns, functions, kind=kind)
        except InputError as error:
            raise InputError(f"{self.place}.{key}: {error}") from error


def source(kind: type[Source], metric: Metric, where: str) -> Source:
    found = metric.metric_source
    if found.type != "framegate":
        raise InputError(f"{where}.type: {found.type!r} is not 'framegate'")
    try:
        return kind.model_validate(found.spec)
    except ValidationError as error:
        raise InputError(f"{where}.spec.{fault(error)}") from error


def length_ns(text: str) -> int:
    return int(text[:-1]) * UNITS_NS[text[-1]]


def plain(number: Decimal) -> str:
    """As an expression writes it."""
    return f"{number:f}"
