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
    SummaryDataPoint,
)

from framegate.telemetry.otlp.attributes import decode_attributes

TIME = pa.timestamp("ns")
METRIC_SCHEMA = pa.schema(
    [
        ("point_time", TIME),
        ("start_time", TIME),
        ("service", pa.string()),
        ("name", pa.string()),
        ("unit", pa.string()),
        ("description", pa.string()),
        ("flags", pa.uint32()),
        ("kind", pa.string()),
        ("temporality", pa.uint8()),
        ("monotonic", pa.bool_()),
        ("value", pa.float64()),
        ("integer_value", pa.int64()),
        ("count", pa.uint64()),
        ("sum", pa.float64()),
        ("minimum", pa.float64()),
        ("maximum", pa.float64()),
        ("bounds", pa.list_(pa.float64())),
        ("bucket_counts", pa.list_(pa.uint64())),
        ("quantiles", pa.list_(pa.float64())),
        ("quantile_values", pa.list_(pa.float64())),
        ("scale", pa.int32()),
        ("zero_count", pa.uint64()),
        ("zero_threshold", pa.float64()),
        ("positive_offset", pa.int32()),
        ("positive_counts", pa.list_(pa.uint64())),
        ("negative_offset", pa.int32()),
        ("negative_counts", pa.list_(pa.uint64())),
        ("attributes", pa.string()),
        ("exemplars", pa.string()),
        ("origin_id", pa.uint64()),
    ]
)


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """One data point; ``numbers`` are the columns from monotonic to negative_counts, in order."""

    time_ns: int
    start_ns: int | None
    flags: int
    kind: str
    temporality: int
    numbers: tuple[Any, ...]
    attributes: Sequence[KeyValue]
    exemplars: list[dict[str, Any]]


def metric_points(metric: Metric) -> Iterator[MetricPoint]:
    """The points of a gauge, sum, histogram, exponential histogram or summary."""
    kind: str = metric.WhichOneof("data") or ""
    if kind not in POINT_COLUMNS:
        return
    data: Any = getattr(metric, kind)
    monotonic = getattr(data, "is_monotonic", kind != "gauge")
    for value in data.data_points:
        yield MetricPoint(
            time_ns=value.time_unix_nano,
            start_ns=value.start_time_unix_nano or None,
            flags=value.flags,
            kind=kind,
            temporality=getattr(data, "aggregation_temporality", 0),
            numbers=(monotonic, *POINT_COLUMNS[kind](value)),
            attributes=value.attributes,
            exemplars=[exemplar_value(exemplar) for exemplar in getattr(value, "exemplars", ())],
        )


def number_columns(data: NumberDataPoint) -> tuple[Any, ...]:
    """The value as a double and, if it was sent as an integer, exactly as an integer too."""
    kind = data.WhichOneof("value")
    if kind is None:  # the flag "no recorded value"
        return (None,) * NUMBER_COLUMN_COUNT
    number = getattr(data, kind)
    return (
        float(number),
        number if kind == "as_int" else None,
        *[None] * (NUMBER_COLUMN_COUNT - 2),
    )


def histogram_totals(
    data: HistogramDataPoint | ExponentialHistogramDataPoint,
) -> tuple[None, None, int, float | None, float | None, float | None]:
    return (
        None,
        None,
        data.count,
        data.sum if data.HasField("sum") else None,
        data.min if data.HasField("min") else None,
        data.max if data.HasField("max") else None,
    )


def histogram_columns(data: HistogramDataPoint) -> tuple[Any, ...]:
    buckets = (list(data.explicit_bounds), list(data.bucket_counts))
    return (*histogram_totals(data), *buckets, *[None] * 9)


def summary_columns(data: SummaryDataPoint) -> tuple[Any, ...]:
    return (
        *(None, None, data.count, data.sum, None, None, None, None),
        [value.quantile for value in data.quantile_values],
        [value.value for value in data.quantile_values],
        *[None] * 7,
    )


def exponential_columns(data: ExponentialHistogramDataPoint) -> tuple[Any, ...]:
    return (
        *histogram_totals(data),
        *(None, None, None, None),
        data.scale,
        data.zero_count,
        data.zero_threshold,
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
        "attributes": decode_attributes(exemplar.filtered_attributes),
    }


NUMBER_COLUMN_COUNT = 17  # columns from value to negative_counts
POINT_COLUMNS: Mapping[str, Callable[[Any], tuple[Any, ...]]] = {
    "gauge": number_columns,
    "sum": number_columns,
    "histogram": histogram_columns,
    "exponential_histogram": exponential_columns,
    "summary": summary_columns,
}
