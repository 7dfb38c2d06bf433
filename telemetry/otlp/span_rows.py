"""OTLP spans, in requests read by ``raw_messages``, to rows of the store's table.

The usual request is read by the loops of ``span_scan``, any other one span by span; both make
the same rows.
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
from framegate.telemetry.otlp.attributes import as_json, mapping, plain, text
from framegate.telemetry.otlp.origins import Origin
from framegate.telemetry.otlp.rows import LATEST_NS, TIME, Rows, table
from framegate.telemetry.otlp.span_scan import LARGEST_BYTE, Survey
from framegate.telemetry.platform.compiled_loops import Bytes, Numbers, Offsets
from framegate.telemetry.signals import names

TRACE_ID_BYTES, SPAN_ID_BYTES = 16, 8
# A usual span has both ids, each with a tag and a length; the loops' memory is by the span.
FEWEST_BYTES = TRACE_ID_BYTES + SPAN_ID_BYTES + 4
NEEDS = (
    "spans need a 16-byte trace id, an 8-byte span id, times below 2^63 ns, "
    "and a kind and a status code from 0 to 255"
)
MOST_BYTES = 2**28  # that the loops are given: six times as many JSON bytes fit Arrow's offsets

# Attributes that become typed columns, because an SLO, a score or a page needs them: all texts.
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

Span = Any  # opentelemetry.proto.trace.v1.Span with raw attributes
read_span = raw_messages.raw(trace_pb2.Span).FromString


def span_rows(request: ExportTraceServiceRequest) -> Rows:
    scopes = [(group, scope) for group in request.resource_spans for scope in group.scope_spans]
    origins = [Origin.of(group.resource, scope) for group, scope in scopes]
    raw: list[bytes] = [span for _, scope in scopes for span in scope.spans]
    senders = np.repeat(np.arange(len(scopes)), [len(scope.spans) for _, scope in scopes])
    found = usual_rows(raw, origins, senders)
    if found is None:
        found = any_rows(raw, origins, senders)
    return Rows(found, tuple(origins), len(raw) - found.num_rows, NEEDS)


def any_rows(
    raw: Sequence[bytes], origins: Sequence[Origin], senders: NDArray[np.int64]
) -> pa.Table:
    """The rows of the valid ones among these spans; raises DecodeError for bytes that are none.

    ``senders`` are, for each span, the index of its origin.
    """
    # One by one: what is not valid costs a sender next to nothing and must cost no memory.
    spans = zip(map(read_span, raw), senders, strict=True)
    rows = [span_row(span, origins[at]) for span, at in spans if valid(span)]
    return table(rows, SPAN_SCHEMA)


def valid(span: Span) -> bool:
    return (
        len(span.trace_id) == TRACE_ID_BYTES
        and len(span.span_id) == SPAN_ID_BYTES
        and max(span.start_time_unix_nano, span.end_time_unix_nano) <= LATEST_NS
        and min(span.kind, span.status.code) >= 0
        and max(span.kind, span.status.code) <= LARGEST_BYTE
    )


def span_row(span: Span, origin: Origin) -> tuple[Any, ...]:
    attributes = mapping(span.attributes)
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
        *(text(attributes.get(name)) for name in SPAN_COLUMNS.values()),
        as_json(attributes),
        span_events(span),
        span_links(span),
        origin.origin_id,
    )


def span_events(span: Span) -> bytes | None:
    events = [
        {
            "time_ns": event.time_unix_nano,
            "name": event.name,
            "attributes": mapping(event.attributes),
        }
        for event in span.events
    ]
    return as_json(events) if events else None


def span_links(span: Span) -> bytes | None:
    links = [
        {
            "trace_id": link.trace_id.hex(),
            "span_id": link.span_id.hex(),
            "attributes": mapping(link.attributes),
        }
        for link in span.links
    ]
    return as_json(links) if links else None


def prepare() -> None:
    """Have the loops ready; compiling them takes some ten seconds, once on a machine."""
    started = time.perf_counter()
    span = trace_pb2.Span(trace_id=bytes(TRACE_ID_BYTES), span_id=bytes(SPAN_ID_BYTES))
    nobody = Origin.of(resource_pb2.Resource(), trace_pb2.ScopeSpans())
    usual_rows([span.SerializeToString()], [nobody], np.zeros(1, np.int64))
    logger.info("ready to read spans", extra={"seconds": time.perf_counter() - started})


class UnusualError(ValueError):
    """What the loops do not read."""


def usual_rows(
    raw: Sequence[bytes], origins: Sequence[Origin], senders: NDArray[np.int64]
) -> pa.Table | None:
    """The same rows by the loops, None if there is any span that they do not read."""
    joined = b"".join(raw)
    if not raw or not FEWEST_BYTES * len(raw) <= len(joined) <= MOST_BYTES:
        return None
    data = np.frombuffer(joined, np.uint8)
    ends = np.cumsum([len(span) for span in raw])
    found = Survey(*span_scan.survey(data, ends, KEYS, KEY_ENDS))
    try:
        known = columns(data, found)
    except UnusualError:
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


def columns(data: Bytes, found: Survey) -> dict[str, Any]:
    """The columns that the loops can make; raises UnusualError where they give up."""
    if not found.usual:
        raise UnusualError
    numbers = found.numbers
    start_ns = numbers[:, span_scan.START]
    written = text_columns.as_objects(data, found.attributes, found.ends, *foreign(data, found))
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


def text_column(data: Bytes, found: Survey, column: int, *, shortest: int) -> pa.Array:
    """A column of text, NULL where it is shorter than that (-1: where there is none)."""
    there = found.texts[:, column, 1] >= shortest
    if not there.any():
        return pa.nulls(len(there), pa.string())
    return string_column(text_columns.gathered(data, found.texts, column), there)


def id_column(data: Bytes, found: Survey, column: int) -> pa.Array:
    written = text_columns.gathered_hex(data, found.texts, column)
    return string_column(written, found.texts[:, column, 1] > 0)


def string_column(written: tuple[bool, Offsets, Bytes], there: NDArray[np.bool_]) -> pa.Array:
    """An Arrow array of what a loop wrote; raises UnusualError if it gave up."""
    good, offsets, out = written
    if not good:
        raise UnusualError
    present = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
    buffers = [present, pa.py_buffer(offsets), pa.py_buffer(out)]
    return pa.Array.from_buffers(pa.string(), len(there), buffers)


def foreign(data: Bytes, found: Survey) -> tuple[Bytes, Numbers]:
    """The JSON of the values that the loops cannot write, one after the other, and its ends."""
    rows = found.attributes[found.attributes[:, span_scan.SORT] == span_scan.FOREIGN]
    parts = [
        as_json(plain(AnyValue.FromString(data[start : start + size].tobytes())))
        for start, size in rows[:, [span_scan.VALUE, span_scan.VALUE_LENGTH]].tolist()
    ]
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    return np.frombuffer(b"".join(parts), np.uint8), ends


def events_and_links(raw: Sequence[bytes], found: Survey) -> tuple[pa.Array, pa.Array]:
    events: list[bytes | None] = [None] * len(raw)
    links: list[bytes | None] = [None] * len(raw)
    for index in np.flatnonzero(found.numbers[:, span_scan.MORE]).tolist():
        span = read_span(raw[index])
        events[index], links[index] = span_events(span), span_links(span)
    return pa.array(events, pa.string()), pa.array(links, pa.string())
