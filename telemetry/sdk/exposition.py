"""The SDK's metrics for Prometheus, with exemplars, which OpenTelemetry's exporter drops."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from opentelemetry.sdk.metrics import Exemplar as OtelExemplar
from opentelemetry.sdk.metrics.export import (
    Histogram,
    HistogramDataPoint,
    InMemoryMetricReader,
    Metric,
    MetricsData,
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


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket of one series; ``edge`` is its upper boundary."""

    metric: str
    labels: frozenset[tuple[str, Any]]
    edge: float


class ScrapeReader(InMemoryMetricReader):
    """Keeps the latest exemplar of every bucket.

    The SDK drops exemplars after each collection, and every flush is a collection: a scrape
    would see only the exemplars of the last moment, and a second Prometheus none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.exemplars: dict[Bucket, OtelExemplar] = {}

    def _receive_metrics(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **options: Any
    ) -> None:
        for metric in metrics_of(metrics_data):
            for point in metric.data.data_points:
                if isinstance(point, HistogramDataPoint):
                    self._keep_exemplars(metric.name, point)
        super()._receive_metrics(metrics_data, timeout_millis, **options)

    def _keep_exemplars(self, metric: str, point: HistogramDataPoint) -> None:
        labels = frozenset((point.attributes or {}).items())
        for exemplar in sorted(point.exemplars, key=lambda one: one.time_unix_nano):
            if exemplar.trace_id is not None:
                edge = edges(point)[bisect_left(point.explicit_bounds, exemplar.value)]
                self.exemplars[Bucket(metric, labels, edge)] = exemplar


class OtelMetricsCollector(Collector):
    """Passes the metrics of one reader to a Prometheus registry."""

    def __init__(self, reader: ScrapeReader) -> None:
        self._reader = reader

    def collect(self) -> Iterable[Family]:
        data = self._reader.get_metrics_data()
        if data is not None:
            for metric in metrics_of(data):
                yield metric_family(metric, self._reader.exemplars)


def metrics_of(data: MetricsData) -> Iterator[Metric]:
    for resource in data.resource_metrics:
        for scope in resource.scope_metrics:
            yield from scope.metrics


def exposition(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """The metrics as text, and its content type; exemplars if ``accept`` allows OpenMetrics."""
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def metric_family(metric: Metric, exemplars: Mapping[Bucket, OtelExemplar]) -> Family:
    """One OpenTelemetry metric as a Prometheus metric family."""
    suffix = UNIT_SUFFIX.get(metric.unit or "")
    name = metric.name.replace(".", "_") + (f"_{suffix}" if suffix else "")
    points: list[Any] = list(metric.data.data_points)
    keys = sorted({key for point in points for key in point.attributes or {}})
    labels = [key.replace(".", "_") for key in keys]
    empty = empty_metric_family(metric, name, labels)
    for point in points:
        values = [str((point.attributes or {}).get(key, "")) for key in keys]
        if isinstance(point, HistogramDataPoint) and isinstance(empty, HistogramMetricFamily):
            empty.add_metric(values, list(buckets(metric.name, point, exemplars)), point.sum)
        elif isinstance(point, NumberDataPoint) and not isinstance(empty, HistogramMetricFamily):
            empty.add_metric(values, point.value)
    return empty


def empty_metric_family(
    metric: Metric, name: str, labels: list[str]
) -> CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily:
    help_text = metric.description or ""
    if isinstance(metric.data, Histogram):
        return HistogramMetricFamily(name, help_text, labels=labels)
    if isinstance(metric.data, Sum) and metric.data.is_monotonic:
        return CounterMetricFamily(name, help_text, labels=labels)
    return GaugeMetricFamily(name, help_text, labels=labels)


def buckets(
    metric: str, point: HistogramDataPoint, exemplars: Mapping[Bucket, OtelExemplar]
) -> Iterator[tuple[str, float] | tuple[str, float, Exemplar]]:
    """Cumulative buckets, each with the latest exemplar whose value lies in it."""
    labels = frozenset((point.attributes or {}).items())
    for edge, count in zip(edges(point), accumulate(point.bucket_counts), strict=True):
        label = "+Inf" if edge == float("inf") else repr(float(edge))
        found = exemplars.get(Bucket(metric, labels, edge))
        yield (label, count, openmetrics_exemplar(found)) if found else (label, count)


def edges(point: HistogramDataPoint) -> list[float]:
    """The buckets' upper boundaries, which are inclusive."""
    return [*point.explicit_bounds, float("inf")]


def openmetrics_exemplar(exemplar: OtelExemplar) -> Exemplar:
    """The exemplar with its trace and span ids, in the form of OpenMetrics."""
    labels = {"trace_id": f"{exemplar.trace_id:032x}", "span_id": f"{exemplar.span_id:016x}"}
    return Exemplar(labels, exemplar.value, exemplar.time_unix_nano / 1e9)
