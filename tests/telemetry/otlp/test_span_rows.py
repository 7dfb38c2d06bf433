"""The loops that read spans make what reading span by span makes, or nothing."""

import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import pyarrow as pa
import pytest
from google.protobuf.message import DecodeError
from hypothesis import example, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span, Status

from framegate.telemetry.otlp import raw_messages
from framegate.telemetry.otlp.origins import Origin
from framegate.telemetry.otlp.span_rows import (
    SPAN_COLUMNS,
    fast_path_rows,
    slow_path_rows,
    warm_up_loops,
)
from tests.volume import examples

INT64 = st.integers(-(2**63), 2**63 - 1)
TIMES = st.integers(0, 2**63 - 2)
TEXT = st.text(max_size=12)
KEYS = st.sampled_from(list(SPAN_COLUMNS.values())) | TEXT
SCALARS = (
    st.builds(AnyValue, string_value=TEXT)
    | st.builds(AnyValue, int_value=INT64)
    | st.builds(AnyValue, bool_value=st.booleans())
    | st.builds(AnyValue, double_value=st.floats())
    | st.builds(AnyValue, bytes_value=st.binary(max_size=5))
    | st.just(AnyValue())
)
VALUES = (
    SCALARS
    | st.builds(AnyValue, array_value=st.builds(ArrayValue, values=st.lists(SCALARS, max_size=3)))
    | st.builds(
        AnyValue,
        kvlist_value=st.builds(
            KeyValueList,
            values=st.lists(st.builds(KeyValue, key=TEXT, value=SCALARS), max_size=2),
        ),
    )
)
ATTRIBUTES = st.lists(
    st.builds(KeyValue, key=KEYS, value=VALUES), max_size=8, unique_by=lambda pair: pair.key
)
SPANS = st.builds(
    Span,
    trace_id=st.binary(min_size=16, max_size=16),
    span_id=st.binary(min_size=8, max_size=8),
    parent_span_id=st.just(b"") | st.binary(min_size=8, max_size=8),
    trace_state=TEXT,
    flags=st.integers(0, 2**32 - 1),
    name=TEXT,
    kind=st.integers(0, 5),
    start_time_unix_nano=TIMES,
    end_time_unix_nano=TIMES,
    attributes=ATTRIBUTES,
    dropped_attributes_count=st.integers(0, 2**32 - 1),
    events=st.lists(
        st.builds(Span.Event, time_unix_nano=TIMES, name=TEXT, attributes=ATTRIBUTES), max_size=1
    ),
    links=st.lists(st.builds(Span.Link, trace_id=st.binary(), attributes=ATTRIBUTES), max_size=1),
    status=st.builds(Status, message=TEXT, code=st.integers(0, 2)),
)
RAW_RESOURCE = raw_messages.raw_message_type(Resource)
ORIGINS = [
    Origin.of(
        RAW_RESOURCE.FromString(
            Resource(
                attributes=[KeyValue(key="service.name", value=AnyValue(string_value=name))]
            ).SerializeToString()
        ),
        ScopeSpans(),
    )
    for name in ("one", "two")
]
COMMON = Span(trace_id=b"t" * 16, span_id=b"s" * 8, name="work")


@pytest.fixture(scope="module", autouse=True)
def loops_ready() -> None:
    warm_up_loops()


def both(raw: Sequence[bytes]) -> tuple[pa.Table | None, pa.Table]:
    senders = np.arange(len(raw)) % len(ORIGINS)
    return fast_path_rows(raw, ORIGINS, senders), slow_path_rows(raw, ORIGINS, senders)


def hex_in_a_column(span: Span) -> bool:
    """Whether bytes are the value of an attribute that has a text column."""
    return any(
        pair.key in SPAN_COLUMNS.values() and not pair.value.HasField("string_value")
        for pair in span.attributes
    )


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(SPANS, min_size=1, max_size=4))
def test_spans_of_every_shape_make_the_same_rows(spans: list[Span]) -> None:
    found, expected = both([span.SerializeToString() for span in spans])
    if found is None:
        assert any(hex_in_a_column(span) for span in spans)
    else:
        assert found.equals(expected)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A span with some of its bytes changed, doubled, moved or gone."""
    data = bytes(draw(SPANS).SerializeToString())
    for _ in range(draw(st.integers(1, 3))):
        places = st.integers(0, len(data))
        start, end = sorted((draw(places), draw(places)))
        put = draw(st.sampled_from((data[start:end], b"")) | st.binary(max_size=2))
        at = draw(places)
        data = data[:at] + put + data[at + draw(st.sampled_from((0, 1, 5, len(put)))) :]
    return data


@settings(max_examples=examples(1200), deadline=None)
@given(damaged())
def test_damaged_spans_make_the_same_rows_or_none(raw: bytes) -> None:
    senders = np.zeros(1, np.int64)
    try:
        expected = slow_path_rows([raw], ORIGINS, senders)
    except DecodeError:
        with suppress(DecodeError):
            assert fast_path_rows([raw], ORIGINS, senders) is None
        return
    found = fast_path_rows([raw], ORIGINS, senders)
    assert found is None or found.equals(expected)


@settings(max_examples=examples(800), deadline=None)
@example(b"\xed\xa0\x80")  # a surrogate
@example(b"\xc0\x80")  # two bytes for what needs one
@example(b"\xe0\x9f\xbf")
@example(b"\xf0\x8f\xbf\xbf")
@example(b"\xf4\x90\x80\x80")  # past the last character
@example('\U0010ffff é\x7f\x00\x1f"\\\b\t\n\f\r/'.encode())
@given(st.binary(max_size=6) | st.text(max_size=6).map(str.encode))
def test_text_is_read_if_and_only_if_it_is_utf_8(text: bytes) -> None:
    attribute = b"\x0a" + bytes([len(text)]) + text  # its key
    for more in (
        b"\x2a" + bytes([len(text)]) + text,
        b"\x4a" + bytes([len(attribute)]) + attribute,
    ):
        raw = Span(trace_id=b"t" * 16, span_id=b"s" * 8).SerializeToString() + more
        found = fast_path_rows([raw], ORIGINS, np.zeros(1, np.int64))
        try:
            text.decode()
        except UnicodeDecodeError:
            assert found is None
        else:
            assert found is not None
            assert found.equals(slow_path_rows([raw], ORIGINS, np.zeros(1, np.int64)))


UNUSUAL = {
    "an id of another length": COMMON.SerializeToString() + Span(span_id=b"x").SerializeToString(),
    "a field twice": COMMON.SerializeToString() + Span(name="again").SerializeToString(),
    "a status twice": COMMON.SerializeToString()
    + 2 * Span(status=Status(message="no")).SerializeToString(),
    "a key twice": COMMON.SerializeToString()
    + 2 * Span(attributes=[KeyValue(key="k")]).SerializeToString(),
    "more attributes than are compared": COMMON.SerializeToString()
    + Span(attributes=[KeyValue(key=str(number)) for number in range(129)]).SerializeToString(),
    "a time past the last": COMMON.SerializeToString()
    + Span(end_time_unix_nano=2**63 - 1).SerializeToString(),
    "a tag in more bytes than it needs": COMMON.SerializeToString() + b"\xca\x00\x02\x0a\x00",
}


@pytest.mark.parametrize("raw", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_the_unusual_is_left_to_reading_span_by_span(raw: bytes) -> None:
    found, _ = both([COMMON.SerializeToString(), raw])
    assert found is None


BROKEN = {
    "a field that goes on past the end": b"\x2a\x7f",
    "a number without an end": b"\x30" + b"\xff" * 10,
    "field number 0": b"\x02\x00",
    "a group": b"\x2b",
}


@pytest.mark.parametrize("more", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_span_is_refused(more: bytes) -> None:
    raw = COMMON.SerializeToString() + more
    assert fast_path_rows([raw], ORIGINS, np.zeros(1, np.int64)) is None
    with pytest.raises(DecodeError):
        slow_path_rows([raw], ORIGINS, np.zeros(1, np.int64))


MANY_EMPTY_SPANS = """
import resource
from framegate.telemetry.otlp import bodies, span_rows

span_rows.warm_up_loops()
scope = b"\\x12\\x00" * 2**21
size = bytes([len(scope) & 127 | 128, len(scope) >> 7 & 127 | 128, len(scope) >> 14 & 127 | 128])
size += bytes([len(scope) >> 21])
framed = b"\\x12" + size + scope
whole = len(framed)
size = bytes([whole & 127 | 128, whole >> 7 & 127 | 128, whole >> 14 & 127 | 128, whole >> 21])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
export = bodies.decode_request(bodies.Signal.TRACES, b"\\x0a" + size + framed, bodies.PROTOBUF)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(export.rows.rejected, grown // 1024)
"""


def test_millions_of_empty_spans_take_no_memory_each() -> None:
    """Four megabytes of them; room for what a usual span has would be more than a gigabyte."""
    command = [sys.executable, "-c", MANY_EMPTY_SPANS]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    rejected, grown_mib = map(int, done.stdout.split())
    assert rejected == 2**21
    assert grown_mib < 600
