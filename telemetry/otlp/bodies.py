"""Decodes OTLP request bodies (protobuf or JSON, plain or gzip), and encodes the responses."""

import base64
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from google.rpc.status_pb2 import Status
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

from framegate.telemetry.otlp import raw_messages
from framegate.telemetry.otlp.rows import DecodedRows, event_rows, metric_rows
from framegate.telemetry.otlp.span_rows import span_rows
from framegate.telemetry.platform.errors import InputError

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
BODY_LIMIT_BYTES = 64 * 1024 * 1024  # the specification's recommended default
# google.rpc.Code
INVALID_ARGUMENT, DEADLINE_EXCEEDED, PERMISSION_DENIED, RESOURCE_EXHAUSTED = 3, 4, 7, 8
UNAVAILABLE, UNAUTHENTICATED = 14, 16
RPC_CODES = {
    401: UNAUTHENTICATED,
    403: PERMISSION_DENIED,
    408: DEADLINE_EXCEEDED,
    413: RESOURCE_EXHAUSTED,
    503: UNAVAILABLE,
}


class Signal(StrEnum):
    TRACES = "traces"
    LOGS = "logs"
    METRICS = "metrics"


def parse_signal(text: str) -> Signal:
    """The signal of that name; raises InputError that lists the valid names."""
    try:
        return Signal(text)
    except ValueError:
        raise InputError(f"unknown signal {text!r}; choose from: {', '.join(Signal)}") from None


class OtlpError(ValueError):
    """A rejected request; ``status`` is the HTTP status to answer with."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class SignalCodec:
    """How one signal is decoded and acknowledged; ``rejected`` is the response's field."""

    request: type[Message]
    response: type[Message]
    rejected: str
    rows: Callable[[Any], DecodedRows]


SIGNAL_CODECS = {
    Signal.TRACES: SignalCodec(
        ExportTraceServiceRequest, ExportTraceServiceResponse, "rejected_spans", span_rows
    ),
    Signal.LOGS: SignalCodec(
        ExportLogsServiceRequest, ExportLogsServiceResponse, "rejected_log_records", event_rows
    ),
    Signal.METRICS: SignalCodec(
        ExportMetricsServiceRequest,
        ExportMetricsServiceResponse,
        "rejected_data_points",
        metric_rows,
    ),
}


RAW_REQUESTS = {
    signal: raw_messages.raw_message_type(kind.request) for signal, kind in SIGNAL_CODECS.items()
}


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """One decoded request."""

    signal: Signal
    rows: DecodedRows


def decompress_body(body: bytes, encoding: str, *, limit: int = BODY_LIMIT_BYTES) -> bytes:
    """The body without its content encoding; never makes more than ``limit`` bytes."""
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise OtlpError(
            415, f"content-encoding {encoding!r} is not supported; use gzip or identity"
        )
    parts: list[bytes] = []
    room = limit
    while body:  # RFC 1952: a file is any number of members
        stream = zlib.decompressobj(31)  # 31: gzip framing
        try:
            parts.append(stream.decompress(body, room + 1))
        except zlib.error as error:
            raise OtlpError(400, f"body is not gzip: {error}") from error
        room -= len(parts[-1])
        if room < 0:
            raise OtlpError(413, f"decompressed body is larger than {limit} bytes")
        if not stream.eof:
            raise OtlpError(400, "gzip body is truncated")
        body = stream.unused_data
    return b"".join(parts)


def decode_request(signal: Signal, body: bytes, content_type: str) -> ExportRequest:
    """Parse one plain request body; raises OtlpError(400) when it is not OTLP."""
    kind = SIGNAL_CODECS[signal]
    try:
        if content_type == JSON:
            body = protobuf_from_json(body, kind.request())
        rows = kind.rows(RAW_REQUESTS[signal].FromString(body))
    except (
        DecodeError,
        json_format.ParseError,
        ValueError,
        OverflowError,
        RecursionError,
    ) as error:
        raise OtlpError(400, f"body is not an OTLP {signal} request: {error}") from error
    return ExportRequest(signal, rows)


def protobuf_from_json(body: bytes, message: Message) -> bytes:
    value = with_base64_ids(orjson.loads(body))
    if not isinstance(value, dict):
        raise ValueError("the JSON value is not an object")  # noqa: TRY004 - the sender's mistake
    json_format.ParseDict(value, message, ignore_unknown_fields=True)
    return bytes(message.SerializeToString())


def success_body(export: ExportRequest, content_type: str) -> bytes:
    """The acknowledgement's body, in the request's content type."""
    kind = SIGNAL_CODECS[export.signal]
    message: Any = kind.response()
    if export.rows.rejected:
        setattr(message.partial_success, kind.rejected, export.rows.rejected)
        message.partial_success.error_message = export.rows.reason
    return encode_message(message, content_type)


def error_body(message: str, *, status: int, content_type: str) -> bytes:
    """A google.rpc.Status body, in the request's content type."""
    return encode_message(
        Status(code=RPC_CODES.get(status, INVALID_ARGUMENT), message=message), content_type
    )


def encode_message(message: Message, content_type: str) -> bytes:
    if content_type == JSON:
        return bytes(json_format.MessageToJson(message, indent=None).encode())
    return bytes(message.SerializeToString())


# OTLP/JSON writes ids as hex where protobuf's JSON mapping expects base64.
ID_KEYS = ("traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id")


def with_base64_ids(value: Any) -> Any:
    """The JSON value with every hexadecimal id as base64; an invalid id raises ValueError."""
    if isinstance(value, dict):
        return dict(_members(value))
    if isinstance(value, list):
        return [with_base64_ids(item) for item in value]
    return value


def _members(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        if key in ID_KEYS and isinstance(item, str):
            yield key, base64.b64encode(bytes.fromhex(item)).decode()
        else:
            yield key, with_base64_ids(item)
