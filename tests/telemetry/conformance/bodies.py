"""One small request of each signal, as protobuf and as JSON."""

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

PROTOBUF, JSON = "application/x-protobuf", "application/json"
SIGNALS = ("traces", "logs", "metrics")
RESPONSES: Mapping[str, type[Message]] = {
    "traces": ExportTraceServiceResponse,
    "logs": ExportLogsServiceResponse,
    "metrics": ExportMetricsServiceResponse,
}
METHODS = {
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
}
START_NS = 1_700_000_000 * 10**9


def protobuf(signal: str, *, name: str = "conformance") -> bytes:
    """A request of one item, whose ids are its own."""
    return bytes(MESSAGES[signal](name).SerializeToString())


def trace_request(name: str) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add(name=name)
    span.trace_id, span.span_id = os.urandom(16), os.urandom(8)
    span.start_time_unix_nano, span.end_time_unix_nano = START_NS, START_NS + 1
    return request


def logs_request(name: str) -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add(event_name=name)
    record.time_unix_nano = START_NS
    record.body.string_value = os.urandom(8).hex()
    return request


def metrics_request(name: str) -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name=name)
    metric.gauge.data_points.add(time_unix_nano=START_NS, as_int=int.from_bytes(os.urandom(4)))
    return request


MESSAGES: Mapping[str, Callable[[str], Message]] = {
    "traces": trace_request,
    "logs": logs_request,
    "metrics": metrics_request,
}


def json_value(signal: str) -> dict[str, Any]:
    """The request as OTLP writes it in JSON: ids in hex, 64-bit integers as text."""
    return {
        "traces": {"resourceSpans": [{"scopeSpans": [{"spans": [json_span()]}]}]},
        "logs": {
            "resourceLogs": [
                {"scopeLogs": [{"logRecords": [{"timeUnixNano": str(START_NS), "body": BODY}]}]}
            ]
        },
        "metrics": {
            "resourceMetrics": [
                {"scopeMetrics": [{"metrics": [{"name": "m", "gauge": {"dataPoints": [POINT]}}]}]}
            ]
        },
    }[signal]


BODY = {"stringValue": "hello"}
POINT = {"timeUnixNano": str(START_NS), "asInt": "3"}


def json_span() -> dict[str, Any]:
    return {
        "traceId": os.urandom(16).hex(),
        "spanId": os.urandom(8).hex(),
        "name": "conformance",
        "kind": 2,
        "startTimeUnixNano": str(START_NS),
        "endTimeUnixNano": str(START_NS + 1),
    }


def as_json(signal: str) -> bytes:
    return json.dumps(json_value(signal)).encode()
