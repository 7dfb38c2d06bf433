"""Valid requests of every signal that use what is legal and rare."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message

from framegate.telemetry.otlp import bodies
from framegate.telemetry.otlp.bodies import JSON, PROTOBUF, Signal


@dataclass(frozen=True, slots=True)
class Body:
    """One request as it would come over HTTP."""

    signal: Signal
    content_type: str
    data: bytes


def attributed(target: Any) -> None:
    """Attributes of every type, with keys and texts that are legal and rare."""
    texts = {"a.b": "text", "": "no name", "zero": "\0", "wide": "‮💥"}
    for key, text in texts.items():
        item = target.add()
        item.key, item.value.string_value = key, text
    item = target.add()
    item.key, item.value.int_value = "large", 2**62
    item = target.add()
    item.key, item.value.double_value = "nan", float("nan")
    item = target.add()
    item.key = "list"
    item.value.array_value.values.add().bool_value = True
    item = target.add()
    item.key = "map"
    inner = item.value.kvlist_value.values.add()
    inner.key, inner.value.bytes_value = "k", b"\xff"


def traces() -> Message:
    request: Any = bodies.SIGNAL_CODECS[Signal.TRACES].request()
    group = request.resource_spans.add()
    attributed(group.resource.attributes)
    for _ in range(3):
        span = group.scope_spans.add().spans.add()
        span.trace_id, span.span_id, span.name = bytes(range(16)), bytes(range(8)), "work"
        span.start_time_unix_nano, span.end_time_unix_nano = 10**18, 10**18 + 5
        attributed(span.attributes)
        span.events.add().name = "event"
        span.links.add().trace_id = b"x" * 16
    return request


def logs() -> Message:
    request: Any = bodies.SIGNAL_CODECS[Signal.LOGS].request()
    scope = request.resource_logs.add().scope_logs.add()
    for _ in range(3):
        record = scope.log_records.add()
        record.time_unix_nano, record.event_name = 10**18, "video.job.state"
        record.body.string_value = "body"
        attributed(record.attributes)
    return request


def metrics() -> Message:
    request: Any = bodies.SIGNAL_CODECS[Signal.METRICS].request()
    scope = request.resource_metrics.add().scope_metrics.add()
    gauge, histogram, exponential, summary = (scope.metrics.add() for _ in range(4))
    point = gauge.gauge.data_points.add()
    point.as_double, point.time_unix_nano = 1.5, 10**18
    attributed(point.attributes)
    point = histogram.histogram.data_points.add()
    point.count, point.sum, point.time_unix_nano = 3, 1.0, 10**18
    point.bucket_counts.extend([1, 2])
    point.explicit_bounds.append(1.0)
    point.exemplars.add().as_int = 4
    point = exponential.exponential_histogram.data_points.add()
    point.count, point.scale, point.time_unix_nano = 3, 2, 10**18
    point.positive.bucket_counts.extend([1, 2])
    summary.summary.data_points.add().count = 1
    return request


def with_hex_ids(value: Any) -> Any:
    """The JSON mapping's base64 ids as the hex that OTLP wants."""
    if isinstance(value, list):
        return [with_hex_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    ids = ("traceId", "spanId")
    return {
        key: base64.b64decode(item).hex() if key in ids else with_hex_ids(item)
        for key, item in value.items()
    }


def good_bodies() -> list[Body]:
    messages = {Signal.TRACES: traces(), Signal.LOGS: logs(), Signal.METRICS: metrics()}
    return [
        body
        for signal, message in messages.items()
        for body in (
            Body(signal, PROTOBUF, message.SerializeToString()),
            Body(
                signal, JSON, json.dumps(with_hex_ids(json_format.MessageToDict(message))).encode()
            ),
        )
    ]
