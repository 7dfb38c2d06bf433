"""From an OpenSLO indicator to what a Prometheus is asked."""

import os
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from framegate.slo.counting.prometheus_indicator import (
    PrometheusIndicator,
    PrometheusServer,
    SampleKind,
)
from framegate.slo.openslo.kinds import OpenSloMetric, OpenSloObjective, RatioMetric, SliSpec
from framegate.slo.openslo.metric_source import NonEmptyText, parse_metric_source
from framegate.slo.openslo.promql import check_selector, has_window, is_per_second, parse_promql
from framegate.slo.openslo.strict_model import HTTP_URL
from framegate.telemetry.platform.errors import InputError

PROMETHEUS = "prometheus"
URL_VARIABLE, DEFAULT_URL = "FRAMEGATE_PROMETHEUS_URL", "http://127.0.0.1:9090"


class PrometheusQuery(BaseModel):
    """What a Prometheus is asked, and which."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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
    spec: SliSpec, objective: OpenSloObjective, at: str
) -> PrometheusIndicator:
    """One that a Prometheus counts; raises InputError naming the value."""
    if spec.threshold_metric:
        where = f"{at}.thresholdMetric.metricSource"
        total = parse_query(spec.threshold_metric, where)
        how, side, part = SampleKind.READINGS, None, None
    else:
        assert spec.ratio_metric
        how, side, part, total = ratio_queries(spec.ratio_metric, f"{at}.ratioMetric")
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
    ratio: RatioMetric, at: str
) -> tuple[SampleKind, str | None, PrometheusQuery | None, PrometheusQuery]:
    if ratio.raw:
        return (
            SampleKind.RATIOS,
            ratio.raw_type,
            None,
            parse_query(ratio.raw, f"{at}.raw.metricSource"),
        )
    assert ratio.total
    side = "good" if ratio.good else "bad"
    part = ratio.good or ratio.bad
    assert part
    counters = ratio.counter
    total = parse_query(ratio.total, f"{at}.total.metricSource", counters=counters)
    found = parse_query(part, f"{at}.{side}.metricSource", counters=counters)
    if (found.server, found.minutes) != (total.server, total.minutes):
        raise InputError(f"{at}.{side}.metricSource.spec: asks another server or slot than total")
    return (SampleKind.COUNTERS if counters else SampleKind.AMOUNTS), side, found, total


def parse_query(metric: OpenSloMetric, where: str, *, counters: bool = False) -> PrometheusQuery:
    found = parse_metric_source(PrometheusQuery, metric, where, PROMETHEUS)
    try:
        (check_selector if counters else parse_promql)(found.query)
    except InputError as error:
        raise InputError(f"{where}.spec.query: {error}") from error
    if counters and found.minutes != 1:
        raise InputError(f"{where}.spec.every: counters are read by the minute: {found.every!r}")
    return found


def is_rate(query: str) -> bool:
    """Whether a question with a window to fill in answers amounts a second."""
    return has_window(query) and is_per_second(query)
