"""OTLP messages, read by ``raw_messages``, to Arrow tables whose columns are the store's."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from framegate.telemetry.otlp.attributes import (
    AttributeReader,
    as_bool,
    as_float,
    as_integer,
    as_json,
    as_text,
    decode_attributes,
    decode_value,
)
from framegate.telemetry.otlp.metric_points import METRIC_SCHEMA, MetricPoint, metric_points
from framegate.telemetry.otlp.origins import Origin
from framegate.telemetry.otlp.span_scan import MAX_BYTE
from framegate.telemetry.platform.clock import LATEST_NS
from framegate.telemetry.signals import names

TIME = pa.timestamp("ns")
HIGHEST_SEVERITY = 24

ColumnReaders = Mapping[str, tuple[str, AttributeReader]]

# Attributes that become typed columns, because an SLO, a score or a page needs them.
EVENT_COLUMNS: ColumnReaders = {
    "job_id": (names.JOB_ID, as_text),
    "state": (names.JOB_STATE, as_text),
    "workload": (names.WORKLOAD, as_text),
    "tenant": (names.TENANT, as_text),
    "model": (names.MODEL, as_text),
    "prompt_id": (names.PROMPT_ID, as_text),
    "prompt": (names.PROMPT, as_text),
    "seed": (names.SEED, as_integer),
    "width": (names.WIDTH, as_integer),
    "height": (names.HEIGHT, as_integer),
    "fps": (names.FPS, as_float),
    "duration_seconds": (names.DURATION, as_float),
    "steps": (names.STEPS, as_integer),
    "frames": (names.FRAMES, as_integer),
    "ttfp_seconds": (names.TIME_TO_FIRST_PLAYABLE, as_float),
    "clip_url": (names.CLIP_URL, as_text),
    "reference_url": (names.REFERENCE_URL, as_text),
    "size_bytes": (names.CLIP_BYTES, as_integer),
    "error_type": (names.ERROR_TYPE, as_text),
    "metric": (names.EVALUATION_NAME, as_text),
    "value": (names.EVALUATION_VALUE, as_float),
    "minimum": (names.EVALUATION_MIN, as_float),
    "maximum": (names.EVALUATION_MAX, as_float),
    "evaluated_frames": (names.EVALUATION_FRAMES, as_integer),
    "explanation": (names.EVALUATION_EXPLANATION, as_text),
    "outcome": (names.OUTCOME, as_text),
    "playable": (names.PLAYABLE, as_bool),
    "stall_count": (names.STALL_COUNT, as_integer),
    "stall_seconds": (names.STALL_SECONDS, as_float),
    "client_seconds": (names.CLIENT_SECONDS, as_float),
    "worker": (names.WORKER, as_text),
}

ARROW_TYPES: Mapping[AttributeReader, pa.DataType] = {
    as_text: pa.string(),
    as_integer: pa.int64(),
    as_float: pa.float64(),
    as_bool: pa.bool_(),
}

EVENT_SCHEMA = pa.schema(
    [
        ("event_time", TIME),
        ("observed_time", TIME),
        ("trace_id", pa.string()),
        ("span_id", pa.string()),
        ("flags", pa.uint32()),
        ("service", pa.string()),
        ("name", pa.string()),
        ("severity", pa.uint8()),
        ("severity_text", pa.string()),
        ("body", pa.string()),
        *((column, ARROW_TYPES[read]) for column, (_, read) in EVENT_COLUMNS.items()),
        ("attributes", pa.string()),
        ("origin_id", pa.uint64()),
    ]
)


@dataclass(frozen=True, slots=True)
class DecodedRows:
    """The rows of one request, their origins, and how many rows were rejected and why."""

    table: pa.Table
    origins: tuple[Origin, ...] = ()
    rejected: int = 0
    reason: str = ""


def event_rows(request: ExportLogsServiceRequest) -> DecodedRows:
    rows: list[tuple[Any, ...]] = []
    origins: list[Origin] = []
    rejected = 0
    for group in request.resource_logs:
        for scope in group.scope_logs:
            origins.append(Origin.of(group.resource, scope))
            good = [record for record in scope.log_records if is_valid_record(record)]
            rejected += len(scope.log_records) - len(good)
            rows.extend(event_row(record, origins[-1]) for record in good)
    reason = "log records need times below 2^63 ns"
    return DecodedRows(arrow_table(rows, EVENT_SCHEMA), tuple(origins), rejected, reason)


def is_valid_record(record: LogRecord) -> bool:
    return max(record.time_unix_nano, record.observed_time_unix_nano) <= LATEST_NS


def event_row(record: LogRecord, origin: Origin) -> tuple[Any, ...]:
    attributes = decode_attributes(record.attributes)
    body = decode_value(record.body)
    return (
        record.time_unix_nano or record.observed_time_unix_nano,
        record.observed_time_unix_nano or record.time_unix_nano,
        record.trace_id.hex(),
        record.span_id.hex() or None,
        record.flags,
        origin.service,
        record.event_name or None,
        min(max(0, record.severity_number), HIGHEST_SEVERITY),
        record.severity_text or None,
        body if body is None or isinstance(body, str) else as_json(body),
        *typed_values(attributes, EVENT_COLUMNS),
        as_json(attributes),
        origin.origin_id,
    )


def metric_rows(request: ExportMetricsServiceRequest) -> DecodedRows:
    rows: list[tuple[Any, ...]] = []
    origins: list[Origin] = []
    sent = 0
    for group in request.resource_metrics:
        for scope in group.scope_metrics:
            origins.append(Origin.of(group.resource, scope))
            for metric in scope.metrics:
                sent += point_count(metric)
                rows.extend(point_rows(metric, origins[-1]))
    reason = "data points need times below 2^63 ns and a temporality from 0 to 255"
    return DecodedRows(arrow_table(rows, METRIC_SCHEMA), tuple(origins), sent - len(rows), reason)


def point_count(metric: Metric) -> int:
    kind = metric.WhichOneof("data")
    return len(getattr(metric, kind).data_points) if kind else 0


def point_rows(metric: Metric, origin: Origin) -> Iterator[tuple[Any, ...]]:
    for point in metric_points(metric):
        if is_valid_point(point):
            yield (
                point.time_ns,
                point.start_ns,
                origin.service,
                metric.name,
                metric.unit,
                metric.description,
                point.flags,
                point.kind,
                point.temporality,
                *point.numbers,
                as_json(decode_attributes(point.attributes)),
                as_json(point.exemplars) if point.exemplars else None,
                origin.origin_id,
            )


def is_valid_point(point: MetricPoint) -> bool:
    latest_ns = max(point.time_ns, point.start_ns or 0)
    return latest_ns <= LATEST_NS and 0 <= point.temporality <= MAX_BYTE


def arrow_table(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def typed_values(attributes: Mapping[str, Any], columns: ColumnReaders) -> list[Any]:
    """The typed columns' values; None for an attribute that has another type."""
    return [
        None if (value := attributes.get(name)) is None else read(value)
        for name, read in columns.values()
    ]
