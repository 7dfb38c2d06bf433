"""OTLP spans, in requests read by ``raw_messages``, to rows of the store's table.

There are two paths to the same rows: the compiled loops of ``span_scan`` read ordinary requests,
and requests with anything unusual are read span by span. A test compares the two.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from framegate.telemetry.otlp import raw_messages, span_scan, text_columns
from framegate.telemetry.otlp.attributes import as_json, as_text, decode_attributes, decode_value
from framegate.telemetry.otlp.origins import Origin
from framegate.telemetry.otlp.rows import TIME, DecodedRows, arrow_table
from framegate.telemetry.otlp.span_scan import MAX_BYTE, SpanLayout
from framegate.telemetry.platform.clock import LATEST_NS
from framegate.telemetry.platform.compiled_loops import Bytes, Numbers, Offsets
from framegate.telemetry.signals import names

TRACE_ID_BYTES, SPAN_ID_BYTES = 16, 8
# An ordinary span has both ids, each with a tag and a length. A request whose spans are smaller
# goes the slow path, because the loops allocate memory per span.
MIN_SPAN_BYTES = TRACE_ID_BYTES + SPAN_ID_BYTES + 4
SPAN_REQUIREMENTS = (
    "spans need a 16-byte trace id, an 8-byte span id, times below 2^63 ns, "
    "and a kind and a status code from 0 to 255"
)
# JSON of up to six times as many bytes must fit Arrow's 32-bit offsets.
MAX_FAST_PATH_BYTES = 2**28

# Attributes that become typed columns, because an SLO, a score or a page needs them; all are text.
SPAN_COLUMNS: Mapping[str, str] = {
    "job_id": names.JOB_ID,
    "workload": names.WORKLOAD,
    "model": names.MODEL,
    "stage": names.STAGE,
    "error_type": names.ERROR_TYPE,
}
SPAN_SCHEMA = pa.schema(
    [
        ("start_time", TIME),
        ("duration_ns", pa.int64()),
        ("trace_id", pa.string()),
        ("span_id", pa.string()),
        ("parent_span_id", pa.string()),
        ("trace_state", pa.string()),
        ("flags", pa.uint32()),
        ("service", pa.string()),
        ("name", pa.string()),
        ("kind", pa.uint8()),
        ("status", pa.uint8()),
        ("status_message", pa.string()),
        *((column, pa.string()) for column in SPAN_COLUMNS),
        ("attributes", pa.string()),
        ("events", pa.string()),
        ("links", pa.string()),
        ("origin_id", pa.uint64()),
    ]
)
KEYS = np.frombuffer("".join(SPAN_COLUMNS.values()).encode(), np.uint8)
KEY_ENDS = np.cumsum([len(name.encode()) for name in SPAN_COLUMNS.values()])

logger = logging.getLogger(__name__)

RawSpan = Any  # opentelemetry.proto.trace.v1.Span with raw attributes
parse_raw_span = raw_messages.raw_message_type(trace_pb2.Span).FromString


def span_rows(request: ExportTraceServiceRequest) -> DecodedRows:
    scopes = [(group, scope) for group in request.resource_spans for scope in group.scope_spans]
    origins = [Origin.of(group.resource, scope) for group, scope in scopes]
    raw: list[bytes] = [span for _, scope in scopes for span in scope.spans]
    senders = np.repeat(np.arange(len(scopes)), [len(scope.spans) for _, scope in scopes])
    found = fast_path_rows(raw, origins, senders)
    if found is None:
        found = slow_path_rows(raw, origins, senders)
    return DecodedRows(found, tuple(origins), len(raw) - found.num_rows, SPAN_REQUIREMENTS)


def slow_path_rows(
    raw: Sequence[bytes], origins: Sequence[Origin], senders: NDArray[np.int64]
) -> pa.Table:
    """The rows of the valid spans; raises DecodeError for bytes that are not a span.

    ``senders`` has, for each span, the index of its origin.
    """
    # One by one: invalid spans are cheap to send and must not cost memory.
    spans = zip(map(parse_raw_span, raw), senders, strict=True)
    rows = [span_row(span, origins[at]) for span, at in spans if is_valid_span(span)]
    return arrow_table(rows, SPAN_SCHEMA)


def is_valid_span(span: RawSpan) -> bool:
    return (
        len(span.trace_id) == TRACE_ID_BYTES
        and len(span.span_id) == SPAN_ID_BYTES
        and max(span.start_time_unix_nano, span.end_time_unix_nano) <= LATEST_NS
        and min(span.kind, span.status.code) >= 0
        and max(span.kind, span.status.code) <= MAX_BYTE
    )


def span_row(span: RawSpan, origin: Origin) -> tuple[Any, ...]:
    attributes = decode_attributes(span.attributes)
    start_ns = span.start_time_unix_nano
    return (
        start_ns,
        max(0, span.end_time_unix_nano - start_ns),
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex() or None,
        span.trace_state or None,
        span.flags,
        origin.service,
        span.name,
        span.kind,
        span.status.code,
        span.status.message or None,
        *(as_text(attributes.get(name)) for name in SPAN_COLUMNS.values()),
        as_json(attributes),
        span_events(span),
        span_links(span),
        origin.origin_id,
    )


def span_events(span: RawSpan) -> bytes | None:
    events = [
        {
            "time_ns": event.time_unix_nano,
            "name": event.name,
            "attributes": decode_attributes(event.attributes),
        }
        for event in span.events
    ]
    return as_json(events) if events else None


def span_links(span: RawSpan) -> bytes | None:
    links = [
        {
            "trace_id": link.trace_id.hex(),
            "span_id": link.span_id.hex(),
            "attributes": decode_attributes(link.attributes),
        }
        for link in span.links
    ]
    return as_json(links) if links else None


def warm_up_loops() -> None:
    """Compile the loops, or load them from the cache; compiling takes about ten seconds."""
    started = time.perf_counter()
    span = trace_pb2.Span(trace_id=bytes(TRACE_ID_BYTES), span_id=bytes(SPAN_ID_BYTES))
    nobody = Origin.of(resource_pb2.Resource(), trace_pb2.ScopeSpans())
    fast_path_rows([span.SerializeToString()], [nobody], np.zeros(1, np.int64))
    logger.info("span reader ready", extra={"seconds": time.perf_counter() - started})


class FastPathError(ValueError):
    """The loops cannot read these spans."""


def fast_path_rows(
    raw: Sequence[bytes], origins: Sequence[Origin], senders: NDArray[np.int64]
) -> pa.Table | None:
    """The same rows from the loops; None if there is a span that they cannot read."""
    joined = b"".join(raw)
    if not raw or not MIN_SPAN_BYTES * len(raw) <= len(joined) <= MAX_FAST_PATH_BYTES:
        return None
    data = np.frombuffer(joined, np.uint8)
    ends = np.cumsum([len(span) for span in raw])
    found = SpanLayout(*span_scan.scan_spans(data, ends, KEYS, KEY_ENDS))
    try:
        known = fast_path_columns(data, found)
    except FastPathError:
        return None
    sender = pa.array(senders)
    events, links = events_and_links(raw, found)
    known |= {
        "service": pa.array([origin.service for origin in origins]).take(sender),
        "origin_id": pa.array([origin.origin_id for origin in origins], pa.uint64()).take(sender),
        "events": events,
        "links": links,
    }
    return pa.table(known, SPAN_SCHEMA)


def fast_path_columns(data: Bytes, found: SpanLayout) -> dict[str, Any]:
    """The columns that the loops fill; raises FastPathError when they cannot."""
    if not found.supported:
        raise FastPathError
    numbers = found.numbers
    start_ns = numbers[:, span_scan.START]
    written = text_columns.write_json_objects(
        data, found.attributes, found.ends, *unsupported_values_json(data, found)
    )
    return {
        "start_time": start_ns.astype("datetime64[ns]"),
        "duration_ns": np.maximum(0, numbers[:, span_scan.END] - start_ns),
        "trace_id": id_column(data, found, span_scan.TRACE_ID),
        "span_id": id_column(data, found, span_scan.SPAN_ID),
        "parent_span_id": id_column(data, found, span_scan.PARENT),
        "trace_state": text_column(data, found, span_scan.TRACE_STATE, shortest=1),
        "flags": numbers[:, span_scan.FLAGS].astype(np.uint32),
        "name": text_column(data, found, span_scan.NAME, shortest=-1),
        "kind": numbers[:, span_scan.KIND].astype(np.uint8),
        "status": numbers[:, span_scan.STATUS].astype(np.uint8),
        "status_message": text_column(data, found, span_scan.MESSAGE, shortest=1),
        **{
            column: text_column(data, found, span_scan.MESSAGE + index, shortest=0)
            for index, column in enumerate(SPAN_COLUMNS, 1)
        },
        "attributes": string_column(written, np.ones(len(numbers), np.bool_)),
    }


def text_column(data: Bytes, found: SpanLayout, column: int, *, shortest: int) -> pa.Array:
    """A column of text; NULL for texts shorter than ``shortest`` (a missing text has length -1)."""
    there = found.texts[:, column, 1] >= shortest
    if not there.any():
        return pa.nulls(len(there), pa.string())
    return string_column(text_columns.gather_text(data, found.texts, column), there)


def id_column(data: Bytes, found: SpanLayout, column: int) -> pa.Array:
    written = text_columns.gather_hex(data, found.texts, column)
    return string_column(written, found.texts[:, column, 1] > 0)


def string_column(written: tuple[bool, Offsets, Bytes], there: NDArray[np.bool_]) -> pa.Array:
    """An Arrow array of what a loop wrote; raises FastPathError if the loop stopped."""
    good, offsets, out = written
    if not good:
        raise FastPathError
    present = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
    buffers = [present, pa.py_buffer(offsets), pa.py_buffer(out)]
    return pa.Array.from_buffers(pa.string(), len(there), buffers)


def unsupported_values_json(data: Bytes, found: SpanLayout) -> tuple[Bytes, Numbers]:
    """The JSON of values that the loops cannot write, concatenated, and where each ends."""
    rows = found.attributes[found.attributes[:, span_scan.VALUE_TYPE] == span_scan.UNSUPPORTED]
    parts = [
        as_json(decode_value(AnyValue.FromString(data[start : start + size].tobytes())))
        for start, size in rows[:, [span_scan.VALUE, span_scan.VALUE_LENGTH]].tolist()
    ]
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    return np.frombuffer(b"".join(parts), np.uint8), ends


def events_and_links(raw: Sequence[bytes], found: SpanLayout) -> tuple[pa.Array, pa.Array]:
    events: list[bytes | None] = [None] * len(raw)
    links: list[bytes | None] = [None] * len(raw)
    for index in np.flatnonzero(found.numbers[:, span_scan.EVENTS_OR_LINKS]).tolist():
        span = parse_raw_span(raw[index])
        events[index], links[index] = span_events(span), span_links(span)
    return pa.array(events, pa.string()), pa.array(links, pa.string())
