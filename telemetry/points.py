"""OTLP metric points, whatever their kind, as one shape of row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    Exemplar,
    ExponentialHistogramDataPoint,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
)

TIME = pa.timestamp("ns")
METRIC_SCHEMA = pa.schema(
    [
        ("point_time", TIME),
        ("start_time", TIME),
        ("service", pa.string()),
        ("name", pa.string()),
        ("unit", pa.string()),
        ("kind", pa.string()),
        ("temporality", pa.uint8()),
        ("monotonic", pa.bool_()),
        ("value", pa.float64()),
        ("count", pa.uint64()),
        ("sum", pa.float64()),
        ("minimum", pa.float64()),
        ("maximum", pa.float64()),
        ("bounds", pa.list_(pa.float64())),
        ("bucket_counts", pa.list_(pa.uint64())),
        ("scale", pa.int32()),
        ("zero_count", pa.uint64()),
        ("positive_offset", pa.int32()),
        ("positive_counts", pa.list_(pa.uint64())),
        ("negative_offset", pa.int32()),
        ("negative_counts", pa.list_(pa.uint64())),
        ("attributes", pa.string()),
        ("exemplars", pa.string()),
        ("resource", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Point:
    """One data point; ``numbers`` are the columns from kind to negative_counts, in order."""

    time_ns: int
    start_ns: int | None
    numbers: tuple[Any, ...]
    attributes: Sequence[KeyValue]
    exemplars: list[dict[str, Any]]


def points(metric: Metric) -> Iterator[Point]:
    """The points of a gauge, sum, histogram or exponential histogram."""
    kind: str = metric.WhichOneof("data") or ""
    if kind not in COLUMNS:
        return
    data: Any = getattr(metric, kind)
    head = (
        kind,
        getattr(data, "aggregation_temporality", 0),
        getattr(data, "is_monotonic", kind != "gauge"),
    )
    for value in data.data_points:
        yield point(value, (*head, *COLUMNS[kind](value)))


def point(
    data: NumberDataPoint | HistogramDataPoint | ExponentialHistogramDataPoint,
    numbers: tuple[Any, ...],
) -> Point:
    return Point(
        time_ns=data.time_unix_nano,
        start_ns=data.start_time_unix_nano or None,
        numbers=numbers,
        attributes=data.attributes,
        exemplars=[exemplar_value(exemplar) for exemplar in data.exemplars],
    )


def number_columns(data: NumberDataPoint) -> tuple[Any, ...]:
    value = data.as_int if data.WhichOneof("value") == "as_int" else data.as_double
    return (float(value), *[None] * 12)


def totals(
    data: HistogramDataPoint | ExponentialHistogramDataPoint,
) -> tuple[int, float | None, float | None, float | None]:
    return (
        data.count,
        data.sum if data.HasField("sum") else None,
        data.min if data.HasField("min") else None,
        data.max if data.HasField("max") else None,
    )


def histogram_columns(data: HistogramDataPoint) -> tuple[Any, ...]:
    buckets = (list(data.explicit_bounds), list(data.bucket_counts))
    return (None, *totals(data), *buckets, *[None] * 6)


def exponential_columns(data: ExponentialHistogramDataPoint) -> tuple[Any, ...]:
    return (
        None,
        *totals(data),
        None,
        None,
        data.scale,
        data.zero_count,
        data.positive.offset,
        list(data.positive.bucket_counts),
        data.negative.offset,
        list(data.negative.bucket_counts),
    )


def exemplar_value(exemplar: Exemplar) -> dict[str, Any]:
    integer = exemplar.WhichOneof("value") == "as_int"
    return {
        "time_ns": exemplar.time_unix_nano,
        "value": exemplar.as_int if integer else exemplar.as_double,
        "trace_id": exemplar.trace_id.hex(),
        "span_id": exemplar.span_id.hex(),
    }


COLUMNS: Mapping[str, Callable[[Any], tuple[Any, ...]]] = {
    "gauge": number_columns,
    "sum": number_columns,
    "histogram": histogram_columns,
    "exponential_histogram": exponential_columns,
}
