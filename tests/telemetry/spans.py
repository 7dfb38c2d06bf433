"""Spans to send and to store."""

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from framegate.telemetry.otlp import bodies
from framegate.telemetry.otlp.bodies import Signal
from framegate.telemetry.store.store import Store

TRACE_ID, SPAN_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def one_span() -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id = bytes.fromhex(TRACE_ID), bytes.fromhex(SPAN_ID)
    span.name, span.start_time_unix_nano, span.end_time_unix_nano = "denoise", 1_000, 4_000
    return request


def put_span(store: Store, *, start_ns: int, name: str = "denoise") -> None:
    request = one_span()
    request.resource_spans[0].resource.attributes.add(key="host").value.string_value = "h1"
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.start_time_unix_nano, span.end_time_unix_nano = start_ns, start_ns + 5
    span.name, span.span_id = name, start_ns.to_bytes(8)
    span.attributes.add(key="gpu.host").value.string_value = "g7"
    body = request.SerializeToString()
    export = bodies.decode_request(Signal.TRACES, body, bodies.PROTOBUF)
    store.append(Signal.TRACES, export.rows, digest=start_ns.to_bytes(32)).result(timeout=20)


MANY = """
INSERT INTO spans BY NAME SELECT
    make_timestamp_ns(range) AS start_time, range AS duration_ns, md5(range::VARCHAR) AS trace_id,
    'aa' AS span_id, 'maker' AS service, 'denoise' AS name, 1 AS kind, 0 AS status
FROM range($1)
"""


SPANS_EACH = 5


def body(sender: int, number: int, *, spans_each: int = SPANS_EACH) -> bytes:
    """A few spans whose ids say who sent them."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for index in range(spans_each):
        span = spans.add(name="work", start_time_unix_nano=1_000, end_time_unix_nano=2_000)
        span.trace_id = sender.to_bytes(8) + number.to_bytes(8)
        span.span_id = (index + 1).to_bytes(8)
    return bytes(request.SerializeToString())
