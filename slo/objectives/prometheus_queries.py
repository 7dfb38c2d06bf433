"""From an OpenSLO indicator to what a Prometheus is asked."""

import os
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from framegate.slo.counting.prometheus_indicator import Asked, How, Server
from framegate.slo.openslo.kinds import Metric, Objective, RatioMetric, SliSpec
from framegate.slo.openslo.metric_source import Text, source
from framegate.slo.openslo.promql import expression, has_window, per_second, selector
from framegate.slo.openslo.strict_model import HTTP_URL
from framegate.telemetry.platform.errors import InputError

PROMETHEUS = "prometheus"
URL_VARIABLE, DEFAULT_URL = "FRAMEGATE_PROMETHEUS_URL", "http://127.0.0.1:9090"


class Question(BaseModel):
    """What a Prometheus is asked, and which."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    query: Text
    url: Annotated[str, Field(pattern=HTTP_URL)] | None = None
    token_env: Annotated[Text | None, Field(alias="tokenEnv")] = None
    every: Annotated[str, Field(pattern=r"^[1-9]\d?m$")] = "1m"

    @property
    def minutes(self) -> int:
        return int(self.every[:-1])

    @property
    def server(self) -> Server:
        return Server(self.url or os.environ.get(URL_VARIABLE) or DEFAULT_URL, self.token_env)


def asked_of(spec: SliSpec, objective: Objective, at: str) -> Asked:
    """One that a Prometheus counts; raises InputError naming the value."""
    if spec.threshold_metric:
        where = f"{at}.thresholdMetric.metricSource"
        total = question(spec.threshold_metric, where)
        how, side, part = How.READINGS, None, None
    else:
        assert spec.ratio_metric
        how, side, part, total = asked_ratio(spec.ratio_metric, f"{at}.ratioMetric")
    return Asked(
        server=total.server,
        how=how,
        total=total.query,
        part=part.query if part else None,
        of_bad=side in ("bad", "failure"),
        op=objective.op,
        value=objective.value,
        minutes=total.minutes,
        scale=60 * total.minutes if how is How.AMOUNTS and is_rate(total.query) else 1,
    )


def asked_ratio(ratio: RatioMetric, at: str) -> tuple[How, str | None, Question | None, Question]:
    if ratio.raw:
        return How.RATIOS, ratio.raw_type, None, question(ratio.raw, f"{at}.raw.metricSource")
    assert ratio.total
    side = "good" if ratio.good else "bad"
    part = ratio.good or ratio.bad
    assert part
    counters = ratio.counter
    total = question(ratio.total, f"{at}.total.metricSource", counters=counters)
    found = question(part, f"{at}.{side}.metricSource", counters=counters)
    if (found.server, found.minutes) != (total.server, total.minutes):
        raise InputError(f"{at}.{side}.metricSource.spec: asks another server or slot than total")
    return (How.COUNTERS if counters else How.AMOUNTS), side, found, total


def question(metric: Metric, where: str, *, counters: bool = False) -> Question:
    found = source(Question, metric, where, PROMETHEUS)
    try:
        (selector if counters else expression)(found.query)
    except InputError as error:
        raise InputError(f"{where}.spec.query: {error}") from error
    if counters and found.minutes != 1:
        raise InputError(f"{where}.spec.every: counters are read by the minute: {found.every!r}")
    return found


def is_rate(query: str) -> bool:
    """Whether a question with a window to fill in answers amounts a second."""
    return has_window(query) and per_second(query)
