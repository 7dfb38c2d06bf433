"""Convert an OpenSLO indicator to what is counted: rows of the store, or Prometheus series."""

from dataclasses import replace
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from framegate.slo.counting.expressions import Expression, ValueKind, parse_expression
from framegate.slo.counting.prometheus_indicator import Indicator
from framegate.slo.counting.relations import COLUMNS, FUNCTIONS, Relation
from framegate.slo.counting.sli import Sli
from framegate.slo.objectives.prometheus_queries import PROMETHEUS, prometheus_indicator
from framegate.slo.objectives.summary import OPERATOR_SYMBOLS
from framegate.slo.openslo.fields import NonEmptyText
from framegate.slo.openslo.kinds import OpenSloMetric, OpenSloObjective, RatioMetric, SliSpec
from framegate.slo.openslo.library import parse_metric_source
from framegate.telemetry.platform.clock import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import FilePlace, StrictModel

UNITS_NS = {"s": SECOND_NS, "m": MINUTE_NS, "h": HOUR_NS, "d": DAY_NS}


class GoodRows(StrictModel):
    """Which counted rows are good, or bad; ``value`` is the good amount of a row."""

    relation: Annotated[Relation | None, Field(alias="from")] = None
    where: NonEmptyText | None = None
    value: NonEmptyText | None = None


class TotalRows(StrictModel):
    """Which rows count, which are excluded or pending; ``value`` is the amount of a row."""

    relation: Annotated[Relation, Field(alias="from")] = Relation.JOBS
    where: NonEmptyText
    open: NonEmptyText | None = None
    excluded: NonEmptyText | None = None
    deadline: Annotated[str, Field(pattern=r"^[1-9]\d{0,5}[smhd]$")] | None = None
    value: NonEmptyText | None = None


def indicator_of(
    spec: SliSpec,
    objective: OpenSloObjective,
    groups: tuple[str, ...],
    *,
    at: FilePlace,
    place: FilePlace,
) -> Indicator:
    """The indicator at the place ``at`` for an objective; raises InputError naming the value."""
    if PROMETHEUS in source_types(spec):
        if groups:
            raise InputError(
                f"{place}: framegate/group-by is not supported for Prometheus indicators"
            )
        return prometheus_indicator(spec, objective, at)
    return sli_of(spec, objective, groups, at=at, place=place)


def source_types(spec: SliSpec) -> set[str | None]:
    """The types of the indicator's metric sources."""
    ratio = spec.ratio_metric
    metrics = [spec.threshold_metric]
    if ratio:
        metrics += [ratio.good, ratio.bad, ratio.total, ratio.raw]
    return {metric.metric_source.type for metric in metrics if metric}


def sli_of(
    spec: SliSpec,
    objective: OpenSloObjective,
    groups: tuple[str, ...],
    *,
    at: FilePlace,
    place: FilePlace,
) -> Sli:
    """An indicator over rows of the store."""
    if spec.threshold_metric:
        found = threshold_sli(spec.threshold_metric, objective, at=at)
    else:
        assert spec.ratio_metric
        if spec.ratio_metric.raw:
            found = raw_sli(spec.ratio_metric, spec.ratio_metric.raw, at)
        else:
            assert spec.ratio_metric.total
            found = ratio_sli(spec.ratio_metric, spec.ratio_metric.total, at)
    for name in groups:
        if COLUMNS[found.relation].get(name) is not ValueKind.TEXT:
            raise InputError(f"{place}: {name!r} is not a text column of {found.relation}")
    return replace(found, groups=groups)


def ratio_sli(ratio: RatioMetric, of_all: OpenSloMetric, at: FilePlace) -> Sli:
    where = at.at("ratioMetric")
    if not ratio.counter:
        raise InputError(f"{where.at('counter')}: must be true for type framegate")
    total = parse_metric_source(TotalRows, of_all, where.at("total.metricSource"))
    reader = ExpressionReader(total.relation, where.at("total.metricSource.spec"))
    side = "good" if ratio.good else "bad"
    part = ratio.good or ratio.bad
    assert part
    good = parse_metric_source(GoodRows, part, where.at(side, "metricSource"))
    spec = ExpressionReader(total.relation, where.at(side, "metricSource.spec"))
    if good.relation not in (None, total.relation):
        raise InputError(
            f"{spec.place.at('from')}: is {good.relation}, but total is from {total.relation}"
        )
    if good.where is None and good.value is None:
        raise InputError(f"{spec.place}: needs where, value or both")
    if good.value is not None and (side == "bad" or total.value is None):
        raise InputError(
            f"{spec.place.at('value')}: is allowed only for good, and only if total has a value"
        )
    condition = good.where or "TRUE"
    if side == "bad":  # a row for which the condition is NULL is not good
        condition = f"NOT ({condition})"
    return build_sli(
        total,
        reader,
        good=spec.truth("where", condition),
        good_weight=spec.number("value", good.value),
    )


def raw_sli(ratio: RatioMetric, raw: OpenSloMetric, at: FilePlace) -> Sli:
    """An indicator whose rows are ratios; a row is completely good only at ratio 1."""
    where = at.at("ratioMetric.raw.metricSource")
    total = parse_metric_source(TotalRows, raw, where)
    reader = ExpressionReader(total.relation, where.at("spec"))
    if total.value is None:
        raise InputError(f"{where.at('spec.value')}: is missing; it is the ratio")
    reader.number("value", total.value)
    share = total.value if ratio.raw_type == "success" else f"1 - ({total.value})"
    counted = build_sli(
        total.model_copy(update={"value": None}),
        reader,
        good=reader.truth("value", f"{share} = 1"),
        good_weight=None,
    )
    return replace(counted, ratio=reader.number("value", share))


def threshold_sli(metric: OpenSloMetric, objective: OpenSloObjective, *, at: FilePlace) -> Sli:
    where = at.at("thresholdMetric.metricSource")
    total = parse_metric_source(TotalRows, metric, where)
    reader = ExpressionReader(total.relation, where.at("spec"))
    assert objective.op
    assert objective.value is not None
    if total.value is None:
        raise InputError(f"{where.at('spec.value')}: is missing; it is compared with the threshold")
    reader.number("value", total.value)  # parsed alone, so that it holds no comparison
    condition = f"{total.value} {OPERATOR_SYMBOLS[objective.op]} {decimal_text(objective.value)}"
    counted = total.model_copy(update={"value": None})
    return build_sli(counted, reader, good=reader.truth("value", condition), good_weight=None)


def build_sli(
    total: TotalRows,
    reader: "ExpressionReader",
    *,
    good: Expression,
    good_weight: Expression | None,
) -> Sli:
    if total.deadline and not total.open:
        raise InputError(f"{reader.place.at('deadline')}: needs open")
    if total.deadline and total.relation is not Relation.JOBS:
        raise InputError(
            f"{reader.place.at('deadline')}: is supported only for jobs, not for {total.relation}"
        )
    return Sli(
        relation=total.relation,
        total=reader.truth("where", total.where),
        good=good,
        pending=reader.truth("open", total.open) if total.open else None,
        excluded=reader.truth("excluded", total.excluded) if total.excluded else None,
        deadline_ns=length_ns(total.deadline) if total.deadline else None,
        weight=reader.number("value", total.value),
        good_weight=good_weight,
    )


class ExpressionReader:
    """Parses the expressions of one relation; errors name the place of the expression."""

    def __init__(self, relation: Relation, place: FilePlace) -> None:
        self._relation = relation
        self.place = place

    def truth(self, key: str, text: str) -> Expression:
        return self._read(key, text, ValueKind.TRUTH)

    def number(self, key: str, text: str | None) -> Expression | None:
        return None if text is None else self._read(key, text, ValueKind.NUMBER)

    def _read(self, key: str, text: str, kind: ValueKind) -> Expression:
        columns, functions = COLUMNS[self._relation], FUNCTIONS[self._relation]
        try:
            return parse_expression(text, columns, functions, kind=kind)
        except InputError as error:
            raise InputError(f"{self.place.at(key)}: {error}") from error


def length_ns(text: str) -> int:
    return int(text[:-1]) * UNITS_NS[text[-1]]


def decimal_text(number: Decimal) -> str:
    """A decimal as text for an expression."""
    return f"{number:f}"
