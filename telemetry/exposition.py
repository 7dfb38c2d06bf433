"""The SDK's metrics for Prometheus, with exemplars, which OpenTelemetry's own exporter drops."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any

from opentelemetry.sdk.metrics import Exemplar as OtelExemplar
from opentelemetry.sdk.metrics.export import (
    Histogram,
    HistogramDataPoint,
    InMemoryMetricReader,
    Metric,
    NumberDataPoint,
    Sum,
)
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    Exemplar,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.core import (
    Metric as Family,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

UNIT_SUFFIX = {"s": "seconds", "By": "bytes"}


class OtelMetricsCollector(Collector):
    """Hands the metrics of one reader to a Prometheus registry."""

    def __init__(self, reader: InMemoryMetricReader) -> None:
        self._reader = reader

    def collect(self) -> Iterable[Family]:
        data = self._reader.get_metrics_data()
        if data is None:
            return
        for resource in data.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    yield family(metric)


def exposition(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """The registry's text and content type; exemplars appear when ``accept`` asks OpenMetrics."""
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def family(metric: Metric) -> Family:
    """One OpenTelemetry metric as a Prometheus metric family."""
    suffix = UNIT_SUFFIX.get(metric.unit or "")
    name = metric.name.replace(".", "_") + (f"_{suffix}" if suffix else "")
    points: list[Any] = list(metric.data.data_points)
    keys = sorted({key for point in points for key in point.attributes or {}})
    labels = [key.replace(".", "_") for key in keys]
    empty = empty_family(metric, name, labels)
    for point in points:
        values = [str((point.attributes or {}).get(key, "")) for key in keys]
        if isinstance(point, HistogramDataPoint) and isinstance(empty, HistogramMetricFamily):
            empty.add_metric(values, list(buckets(point)), point.sum)
        elif isinstance(point, NumberDataPoint) and not isinstance(empty, HistogramMetricFamily):
            empty.add_metric(values, point.value)
    return empty


def empty_family(
    metric: Metric, name: str, labels: list[str]
) -> CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily:
    help_text = metric.description or ""
    if isinstance(metric.data, Histogram):
        return HistogramMetricFamily(name, help_text, labels=labels)
    if isinstance(metric.data, Sum) and metric.data.is_monotonic:
        return CounterMetricFamily(name, help_text, labels=labels)
    return GaugeMetricFamily(name, help_text, labels=labels)


def buckets(
    point: HistogramDataPoint,
) -> Iterator[tuple[str, float] | tuple[str, float, Exemplar]]:
    """Cumulative buckets; each carries the latest exemplar whose value lies in it."""
    edges = [*point.explicit_bounds, float("inf")]
    lower = float("-inf")
    for edge, count in zip(edges, accumulate(point.bucket_counts), strict=True):
        label = "+Inf" if edge == float("inf") else repr(float(edge))
        exemplar = latest_exemplar(point.exemplars, above=lower, upto=edge)
        yield (label, count, exemplar) if exemplar else (label, count)
        lower = edge


def latest_exemplar(
    exemplars: Sequence[OtelExemplar], *, above: float, upto: float
) -> Exemplar | None:
    inside = [
        exemplar
        for exemplar in exemplars
        if above < exemplar.value <= upto and exemplar.trace_id is not None
    ]
    if not inside:
        return None
    newest = max(inside, key=lambda exemplar: exemplar.time_unix_nano)
    labels = {"trace_id": f"{newest.trace_id:032x}", "span_id": f"{newest.span_id:016x}"}
    return Exemplar(labels, newest.value, newest.time_unix_nano / 1e9)
