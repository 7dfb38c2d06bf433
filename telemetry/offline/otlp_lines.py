"""A store's rows as OTLP JSON lines, which any OTLP tool can read."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
import pyarrow as pa

from framegate.telemetry.otlp.bodies import Signal
from framegate.telemetry.platform.errors import InputError

LINE_ROWS = 512

JsonObject = dict[str, Any]


def otlp_json_lines(batches: Iterator[pa.RecordBatch], signal: Signal) -> Iterator[bytes]:
    """One request per line, with rows of one resource and scope.

    ``batches`` come from the query ``spans``, ``logs`` or ``metric_points``.
    Values that the store keeps as text stay text: bytes as hexadecimal, a structured body as JSON.
    """
    for batch in batches:
        for start in range(0, batch.num_rows, LINE_ROWS):
            for line in LINE_WRITERS[signal](batch.slice(start, LINE_ROWS)):
                yield orjson.dumps(line)


def group_by_origin(batch: pa.RecordBatch) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """The rows of each resource and scope in a batch."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in batch.to_pylist():
        key = (row["resource_json"], row["scope"], row["scope_version"])
        groups.setdefault(key, []).append(row)
    for (resource, scope, version), rows in groups.items():
        yield (
            {
                "resource": {"attributes": key_values(resource)},
                "scope": {"name": scope or "", "version": version or ""},
            },
            rows,
        )


def span_lines(batch: pa.RecordBatch) -> Iterator[JsonObject]:
    for origin, rows in group_by_origin(batch):
        spans = [drop_empty(span_value(row)) for row in rows]
        scope = {"scope": origin["scope"], "spans": spans}
        yield {"resourceSpans": [{"resource": origin["resource"], "scopeSpans": [scope]}]}


def span_value(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "traceId": row["trace_id"],
        "spanId": row["span_id"],
        "parentSpanId": row["parent_span_id"],
        "traceState": row["trace_state"],
        "name": row["name"],
        "kind": row["kind"],
        "startTimeUnixNano": str(row["start_ns"]),
        "endTimeUnixNano": str(row["start_ns"] + row["duration_ns"]),
        "status": drop_empty({"code": row["status"], "message": row["status_message"]}),
        "attributes": key_values(row["attributes_json"]),
        "events": [
            {
                "timeUnixNano": str(event["time_ns"]),
                "name": event["name"],
                "attributes": attribute_list(event.get("attributes") or {}),
            }
            for event in parse_json_list(row["events_json"])
        ],
        "links": [
            {
                "traceId": link["trace_id"],
                "spanId": link["span_id"],
                "attributes": attribute_list(link.get("attributes") or {}),
            }
            for link in parse_json_list(row["links_json"])
        ],
    }


def log_lines(batch: pa.RecordBatch) -> Iterator[JsonObject]:
    for origin, rows in group_by_origin(batch):
        records = [drop_empty(log_value(row)) for row in rows]
        scope = {"scope": origin["scope"], "logRecords": records}
        yield {"resourceLogs": [{"resource": origin["resource"], "scopeLogs": [scope]}]}


def log_value(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "timeUnixNano": str(row["time_ns"]),
        "observedTimeUnixNano": str(row["observed_ns"]),
        "traceId": row["trace_id"],
        "spanId": row["span_id"],
        "eventName": row["name"],
        "severityNumber": row["severity"],
        "severityText": row["severity_text"],
        "body": None if row["body"] is None else {"stringValue": row["body"]},
        "attributes": key_values(row["attributes_json"]),
    }


def metric_lines(batch: pa.RecordBatch) -> Iterator[JsonObject]:
    for origin, rows in group_by_origin(batch):
        metrics = [metric_value(row) for row in rows]
        scope = {"scope": origin["scope"], "metrics": metrics}
        yield {"resourceMetrics": [{"resource": origin["resource"], "scopeMetrics": [scope]}]}


def metric_value(row: Mapping[str, Any]) -> JsonObject:
    kind = row["kind"]
    point = {
        "timeUnixNano": str(row["time_ns"]),
        "startTimeUnixNano": None if row["start_ns"] is None else str(row["start_ns"]),
        "flags": row["flags"],
        "attributes": key_values(row["attributes_json"]),
        "exemplars": [exemplar_value(one) for one in parse_json_list(row["exemplars_json"])],
        **POINT_WRITERS[kind](row),
    }
    data: JsonObject = {"dataPoints": [drop_empty(point)]}
    if kind in ("sum", "histogram", "exponential_histogram"):
        data["aggregationTemporality"] = row["temporality"]
    if kind == "sum":
        data["isMonotonic"] = row["monotonic"]
    return {
        "name": row["name"],
        "unit": row["unit"],
        "description": row["description"] or "",
        METRIC_FIELDS[kind]: data,
    }


def number_point(row: Mapping[str, Any]) -> JsonObject:
    if row["integer_value"] is not None:
        return {"asInt": str(row["integer_value"])}
    return {"asDouble": row["value"]}


def histogram_totals(row: Mapping[str, Any]) -> JsonObject:
    return {
        "count": str(row["count"]),
        "sum": row["sum"],
        "min": row["minimum"],
        "max": row["maximum"],
    }


def histogram_point(row: Mapping[str, Any]) -> JsonObject:
    return histogram_totals(row) | {
        "explicitBounds": row["bounds"],
        "bucketCounts": [str(count) for count in row["bucket_counts"]],
    }


def exponential_point(row: Mapping[str, Any]) -> JsonObject:
    return histogram_totals(row) | {
        "scale": row["scale"],
        "zeroCount": str(row["zero_count"]),
        "zeroThreshold": row["zero_threshold"],
        "positive": exponential_buckets(row["positive_offset"], row["positive_counts"]),
        "negative": exponential_buckets(row["negative_offset"], row["negative_counts"]),
    }


def exponential_buckets(offset: int, counts: list[int]) -> JsonObject:
    return {"offset": offset, "bucketCounts": [str(count) for count in counts]}


def summary_point(row: Mapping[str, Any]) -> JsonObject:
    pairs = zip(row["quantiles"], row["quantile_values"], strict=True)
    return {
        "count": str(row["count"]),
        "sum": row["sum"],
        "quantileValues": [{"quantile": share, "value": value} for share, value in pairs],
    }


def exemplar_value(exemplar: Mapping[str, Any]) -> JsonObject:
    value = exemplar["value"]
    return {
        "timeUnixNano": str(exemplar["time_ns"]),
        "traceId": exemplar["trace_id"],
        "spanId": exemplar["span_id"],
        "filteredAttributes": attribute_list(exemplar.get("attributes") or {}),
        **({"asInt": str(value)} if isinstance(value, int) else {"asDouble": value}),
    }


POINT_WRITERS: Mapping[str, Callable[[Mapping[str, Any]], JsonObject]] = {
    "gauge": number_point,
    "sum": number_point,
    "histogram": histogram_point,
    "exponential_histogram": exponential_point,
    "summary": summary_point,
}
METRIC_FIELDS = {
    "gauge": "gauge",
    "sum": "sum",
    "histogram": "histogram",
    "exponential_histogram": "exponentialHistogram",
    "summary": "summary",
}


def drop_empty(value: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if item is not None and item != []}


def parse_json_list(text: str | None) -> list[dict[str, Any]]:
    value: list[dict[str, Any]] = orjson.loads(text) if text else []
    return value


def key_values(text: str | None) -> list[dict[str, Any]]:
    return attribute_list(orjson.loads(text) if text else {})


def attribute_list(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": any_value(value)} for key, value in attributes.items()]


def any_value(value: Any) -> dict[str, Any]:
    """Plain JSON as OTLP's AnyValue."""
    if value is None:
        return {}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(item) for item in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": attribute_list(value)}}
    for kind, name in SCALAR_FIELDS.items():
        if isinstance(value, kind):
            return {name: str(value) if kind is int else value}
    raise InputError(f"attribute value {value!r} has no OTLP type")


# In Python, a bool is also an int, so it comes first.
SCALAR_FIELDS = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
LINE_WRITERS: Mapping[Signal, Callable[[pa.RecordBatch], Iterator[JsonObject]]] = {
    Signal.TRACES: span_lines,
    Signal.LOGS: log_lines,
    Signal.METRICS: metric_lines,
}
