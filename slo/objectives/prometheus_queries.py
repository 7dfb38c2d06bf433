"""Convert an OpenSLO indicator to Prometheus queries."""

import os
from typing import Annotated

from pydantic import Field

from framegate.slo.counting.prometheus_indicator import (
    PrometheusIndicator,
    PrometheusServer,
    SampleKind,
)
from framegate.slo.openslo.fields import HTTP_URL, NonEmptyText
from framegate.slo.openslo.kinds import OpenSloMetric, OpenSloObjective, RatioMetric, SliSpec
from framegate.slo.openslo.library import parse_metric_source
from framegate.slo.openslo.promql import check_selector, has_window, is_per_second, parse_promql
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import FilePlace, StrictModel

PROMETHEUS = "prometheus"
URL_VARIABLE, DEFAULT_URL = "FRAMEGATE_PROMETHEUS_URL", "http://127.0.0.1:9090"


class PrometheusQuery(StrictModel):
    """A query and the server that it is sent to."""

    query: NonEmptyText
    url: Annotated[str, Field(pattern=HTTP_URL)] | None = None
    token_env: Annotated[NonEmptyText | None, Field(alias="tokenEnv")] = None
    every: Annotated[str, Field(pattern=r"^[1-9]\d?m$")] = "1m"

    @property
    def minutes(self) -> int:
        return int(self.every[:-1])

    @property
    def server(self) -> PrometheusServer:
        return PrometheusServer(
            self.url or os.environ.get(URL_VARIABLE) or DEFAULT_URL, self.token_env
        )


def prometheus_indicator(
    spec: SliSpec, objective: OpenSloObjective, at: FilePlace
) -> PrometheusIndicator:
    """An indicator over Prometheus series; raises InputError naming the value."""
    if spec.threshold_metric:
        where = at.at("thresholdMetric.metricSource")
        total = parse_query(spec.threshold_metric, where)
        how, side, part = SampleKind.READINGS, None, None
    else:
        assert spec.ratio_metric
        how, side, part, total = ratio_queries(spec.ratio_metric, at.at("ratioMetric"))
    return PrometheusIndicator(
        server=total.server,
        sample_kind=how,
        total=total.query,
        part=part.query if part else None,
        of_bad=side in ("bad", "failure"),
        op=objective.op,
        value=objective.value,
        minutes=total.minutes,
        scale=60 * total.minutes if how is SampleKind.AMOUNTS and is_rate(total.query) else 1,
    )


def ratio_queries(
    ratio: RatioMetric, at: FilePlace
) -> tuple[SampleKind, str | None, PrometheusQuery | None, PrometheusQuery]:
    if ratio.raw:
        return (
            SampleKind.RATIOS,
            ratio.raw_type,
            None,
            parse_query(ratio.raw, at.at("raw.metricSource")),
        )
    assert ratio.total
    side = "good" if ratio.good else "bad"
    part = ratio.good or ratio.bad
    assert part
    counters = ratio.counter
    total = parse_query(ratio.total, at.at("total.metricSource"), counters=counters)
    found = parse_query(part, at.at(side, "metricSource"), counters=counters)
    if (found.server, found.minutes) != (total.server, total.minutes):
        raise InputError(
            f"{at.at(side, 'metricSource.spec')}: url and every must be the same as for total"
        )
    return (SampleKind.COUNTERS if counters else SampleKind.AMOUNTS), side, found, total


def parse_query(
    metric: OpenSloMetric, where: FilePlace, *, counters: bool = False
) -> PrometheusQuery:
    found = parse_metric_source(PrometheusQuery, metric, where, PROMETHEUS)
    try:
        (check_selector if counters else parse_promql)(found.query)
    except InputError as error:
        raise InputError(f"{where.at('spec.query')}: {error}") from error
    if counters and found.minutes != 1:
        raise InputError(f"{where.at('spec.every')}: must be 1m for counters, is {found.every!r}")
    return found


def is_rate(query: str) -> bool:
    """Whether a query with {{.window}} returns amounts per second."""
    return has_window(query) and is_per_second(query)
