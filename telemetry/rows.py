"""OTLP messages to Arrow tables whose columns are the store's."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from telemetry import names
from telemetry.points import METRIC_SCHEMA, points

TIME = pa.timestamp("ns")
TRACE_ID_BYTES, SPAN_ID_BYTES = 16, 8
LATEST_NS = 2**63 - 1

# Attributes that become typed columns, because an SLO, a score or a page needs them.
SPAN_COLUMNS = {
    "job_id": (names.JOB_ID, pa.string()),
    "workload": (names.WORKLOAD, pa.string()),
    "model": (names.MODEL, pa.string()),
    "stage": (names.STAGE, pa.string()),
    "error_type": (names.ERROR_TYPE, pa.string()),
}
EVENT_COLUMNS = {
    "job_id": (names.JOB_ID, pa.string()),
    "state": (names.JOB_STATE, pa.string()),
    "workload": (names.WORKLOAD, pa.string()),
    "tenant": (names.TENANT, pa.string()),
    "model": (names.MODEL, pa.string()),
    "prompt_id": (names.PROMPT_ID, pa.string()),
    "prompt": (names.PROMPT, pa.string()),
    "seed": (names.SEED, pa.int64()),
    "width": (names.WIDTH, pa.int64()),
    "height": (names.HEIGHT, pa.int64()),
    "fps": (names.FPS, pa.float64()),
    "duration_seconds": (names.DURATION, pa.float64()),
    "steps": (names.STEPS, pa.int64()),
    "frames": (names.FRAMES, pa.int64()),
    "ttfp_seconds": (names.TIME_TO_FIRST_PLAYABLE, pa.float64()),
    "clip_url": (names.CLIP_URL, pa.string()),
    "reference_url": (names.REFERENCE_URL, pa.string()),
    "size_bytes": (names.CLIP_BYTES, pa.int64()),
    "error_type": (names.ERROR_TYPE, pa.string()),
    "metric": (names.EVALUATION_NAME, pa.string()),
    "value": (names.EVALUATION_VALUE, pa.float64()),
    "minimum": (names.EVALUATION_MIN, pa.float64()),
    "maximum": (names.EVALUATION_MAX, pa.float64()),
    "evaluated_frames": (names.EVALUATION_FRAMES, pa.int64()),
    "explanation": (names.EVALUATION_EXPLANATION, pa.string()),
    "outcome": (names.OUTCOME, pa.string()),
    "playable": (names.PLAYABLE, pa.bool_()),
    "stall_count": (names.STALL_COUNT, pa.int64()),
    "stall_seconds": (names.STALL_SECONDS, pa.float64()),
    "client_seconds": (names.CLIENT_SECONDS, pa.float64()),
}

SPAN_SCHEMA = pa.schema(
    [
        ("start_time", TIME),
        ("duration_ns", pa.int64()),
        ("trace_id", pa.string()),
        ("span_id", pa.string()),
        ("parent_span_id", pa.string()),
        ("service", pa.string()),
        ("name", pa.string()),
        ("kind", pa.uint8()),
        ("status", pa.uint8()),
        ("status_message", pa.string()),
        *((column, kind) for column, (_, kind) in SPAN_COLUMNS.items()),
        ("attributes", pa.string()),
        ("events", pa.string()),
        ("links", pa.string()),
        ("resource", pa.string()),
    ]
)
EVENT_SCHEMA = pa.schema(
    [
        ("event_time", TIME),
        ("observed_time", TIME),
        ("trace_id", pa.string()),
        ("span_id", pa.string()),
        ("service", pa.string()),
        ("name", pa.string()),
        ("severity", pa.uint8()),
        ("body", pa.string()),
        *((column, kind) for column, (_, kind) in EVENT_COLUMNS.items()),
        ("attributes", pa.string()),
        ("resource", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one request, and how many were refused and why."""

    table: pa.Table
    rejected: int = 0
    reason: str = ""


def span_rows(request: ExportTraceServiceRequest) -> Rows:
    rows: list[tuple[Any, ...]] = []
    rejected = 0
    for group in request.resource_spans:
        origin = Origin.of(group.resource)
        for scope in group.scope_spans:
            for span in scope.spans:
                if valid_span(span):
                    rows.append(span_row(span, origin))
                else:
                    rejected += 1
    reason = "spans need a 16-byte trace id, an 8-byte span id and times below 2^63 ns"
    return Rows(table(rows, SPAN_SCHEMA), rejected, reason)


def valid_span(span: Span) -> bool:
    return (
        len(span.trace_id) == TRACE_ID_BYTES
        and len(span.span_id) == SPAN_ID_BYTES
        and max(span.start_time_unix_nano, span.end_time_unix_nano) <= LATEST_NS
    )


@dataclass(frozen=True, slots=True)
class Origin:
    """The process that sent a group of rows."""

    service: str
    resource_json: str

    @classmethod
    def of(cls, resource: Resource) -> "Origin":
        attributes = mapping(resource.attributes)
        return cls(str(attributes.get("service.name", "unknown_service")), as_json(attributes))


def span_row(span: Span, origin: Origin) -> tuple[Any, ...]:
    attributes = mapping(span.attributes)
    events = [
        {"time_ns": event.time_unix_nano, "name": event.name, **mapping(event.attributes)}
        for event in span.events
    ]
    links = [
        {"trace_id": link.trace_id.hex(), "span_id": link.span_id.hex()} for link in span.links
    ]
    return (
        span.start_time_unix_nano,
        max(0, span.end_time_unix_nano - span.start_time_unix_nano),
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex() or None,
        origin.service,
        span.name,
        span.kind,
        span.status.code,
        span.status.message or None,
        *typed(attributes, SPAN_COLUMNS),
        as_json(attributes),
        as_json(events) if events else None,
        as_json(links) if links else None,
        origin.resource_json,
    )


def event_rows(request: ExportLogsServiceRequest) -> Rows:
    rows: list[tuple[Any, ...]] = []
    rejected = 0
    for group in request.resource_logs:
        origin = Origin.of(group.resource)
        for scope in group.scope_logs:
            for record in scope.log_records:
                if max(record.time_unix_nano, record.observed_time_unix_nano) <= LATEST_NS:
                    rows.append(event_row(record, origin))
                else:
                    rejected += 1
    return Rows(table(rows, EVENT_SCHEMA), rejected, "log records need times below 2^63 ns")


def event_row(record: LogRecord, origin: Origin) -> tuple[Any, ...]:
    attributes = mapping(record.attributes)
    body = plain(record.body)
    return (
        record.time_unix_nano or record.observed_time_unix_nano,
        record.observed_time_unix_nano or record.time_unix_nano,
        record.trace_id.hex(),
        record.span_id.hex() or None,
        origin.service,
        record.event_name or None,
        min(record.severity_number, 24),
        body if body is None or isinstance(body, str) else as_json(body),
        *typed(attributes, EVENT_COLUMNS),
        as_json(attributes),
        origin.resource_json,
    )


def metric_rows(request: ExportMetricsServiceRequest) -> Rows:
    rows: list[tuple[Any, ...]] = []
    rejected = 0
    for group in request.resource_metrics:
        origin = Origin.of(group.resource)
        for scope in group.scope_metrics:
            for metric in scope.metrics:
                if metric.WhichOneof("data") == "summary":
                    rejected += len(metric.summary.data_points)
                    continue
                rows.extend(
                    (
                        point.time_ns,
                        point.start_ns,
                        origin.service,
                        metric.name,
                        metric.unit,
                        *point.numbers,
                        as_json(mapping(point.attributes)),
                        as_json(point.exemplars) if point.exemplars else None,
                        origin.resource_json,
                    )
                    for point in points(metric)
                )
    return Rows(table(rows, METRIC_SCHEMA), rejected, "summary metrics are not stored")


def table(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def typed(
    attributes: Mapping[str, Any], columns: Mapping[str, tuple[str, pa.DataType]]
) -> Iterator[Any]:
    """The typed columns' values; an attribute of another type stays in ``attributes`` alone."""
    for name, kind in columns.values():
        yield as_type(attributes.get(name), kind)


def as_type(value: Any, kind: pa.DataType) -> Any:
    if pa.types.is_boolean(kind):
        return value if isinstance(value, bool) else None
    if pa.types.is_string(kind):
        return value if isinstance(value, str) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if pa.types.is_floating(kind):
        return float(value)
    return int(value) if float(value).is_integer() and abs(value) <= LATEST_NS else None


def mapping(attributes: Iterable[KeyValue]) -> dict[str, Any]:
    return {item.key: plain(item.value) for item in attributes}


READERS: Mapping[str, Callable[[Any], Any]] = {
    "string_value": str,
    "int_value": int,
    "double_value": float,
    "bool_value": bool,
    "bytes_value": bytes.hex,
    "array_value": lambda array: [plain(item) for item in array.values],
    "kvlist_value": lambda pairs: mapping(pairs.values),
}


def plain(value: AnyValue) -> Any:
    """An OTLP value as plain Python; bytes become hex, nothing becomes None."""
    kind: str = value.WhichOneof("value") or ""
    return READERS[kind](getattr(value, kind)) if kind in READERS else None


def as_json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
