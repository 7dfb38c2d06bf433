"""Finds every field in the bytes of spans without creating a Python object.

Anything that senders rarely do (a field twice, an id of another length) makes a loop stop and
return that it does not support the request. ``span_rows`` then reads the request span by span,
and rejects what is invalid.
"""

from typing import Any, NamedTuple

import numpy as np

from framegate.telemetry.platform.clock import LATEST_NS
from framegate.telemetry.platform.compiled_loops import Bytes, Numbers, compile_inline, compile_loop

# Protobuf's wire types.
VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
# Columns of ``SpanLayout.numbers``; the last is not 0 for a span with events or links.
START, END, KIND, STATUS, FLAGS, EVENTS_OR_LINKS = range(6)
# Columns of ``SpanLayout.texts``: start and length of each text, -1 for none.
# The attributes that have a column of their own follow.
TRACE_ID, SPAN_ID, PARENT, TRACE_STATE, NAME, MESSAGE = range(6)
# Columns of ``SpanLayout.attributes``; VALUE is a text's start, or the number itself.
KEY_START, KEY_LENGTH, VALUE_TYPE, VALUE, VALUE_LENGTH = range(5)
# Types of value; UNSUPPORTED is an AnyValue that these loops cannot write as JSON.
NO_VALUE, TEXT, BOOLEAN, INTEGER, UNSUPPORTED = range(5)

# The fields of Span in opentelemetry/proto/trace/v1/trace.proto, by field number: wire type, and
# column of ``numbers`` or ``texts``; -1 for none.
SPAN_WIRE = np.array([-1, 2, 2, 2, 2, 2, 0, 1, 1, 2, 0, 2, 0, 2, 0, 2, 5])
SPAN_TEXT = np.full(17, -1)
SPAN_TEXT[1:6] = TRACE_ID, SPAN_ID, TRACE_STATE, PARENT, NAME
SPAN_NUMBER = np.full(17, -1)
SPAN_NUMBER[[6, 7, 8, 11, 13, 16]] = KIND, START, END, EVENTS_OR_LINKS, EVENTS_OR_LINKS, FLAGS
SPAN_ATTRIBUTE, SPAN_STATUS = 9, 15
ATTRIBUTE_TAG = (
    SPAN_ATTRIBUTE << 3 | LENGTH
)  # one byte: a span has no more attributes than such bytes
# Tags, number << 3 | wire type, of Status, KeyValue and AnyValue.
STATUS_MESSAGE, STATUS_CODE = 2 << 3 | LENGTH, 3 << 3 | VARINT
PAIR_KEY, PAIR_VALUE = 1 << 3 | LENGTH, 2 << 3 | LENGTH
ANY_STRING, ANY_BOOL, ANY_INT = 1 << 3 | LENGTH, 2 << 3 | VARINT, 3 << 3 | VARINT
ANY_LAST = 7  # the number of AnyValue's last field

MAX_ATTRIBUTES = 128  # of one span: each key is compared with all others
MAX_BYTE = 255  # that a kind and a status can be


class SpanLayout(NamedTuple):
    """Where every field is in the bytes of spans; meaningless unless ``supported``."""

    supported: bool
    numbers: Numbers  # (spans, 6)
    texts: Numbers  # (spans, 6 + attributes that have a column, 2)
    attributes: Numbers  # (attributes, 5)
    ends: Numbers  # (spans,): number of attributes up to and including this span


@compile_inline
def read_varint(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """A number and the offset after it, -1 if there is no valid number."""
    if at < end and data[at] < 0x80:
        return data[at] & 0x7F, at + 1
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            return 0, -1
        byte = data[at] & 0xFF  # an int of that width: the result becomes one too
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, -1 if shift == 63 and byte > 1 else at
    return 0, -1


@compile_loop
def read_fixed(data: Bytes, at: int, size: int) -> int:
    value = 0
    for index in range(size):
        value |= (data[at + index] & 0xFF) << (8 * index)
    return value


@compile_loop
def read_field(data: Bytes, at: int, end: int) -> tuple[int, int, int, int]:
    """Tag, number or start of the bytes, their length, offset after the field (-1: invalid)."""
    tag, at = read_varint(data, at, end)
    kind = tag & 7
    if at < 0 or not 8 <= tag < 1 << 32:
        return 0, 0, 0, -1
    if kind == VARINT:
        value, at = read_varint(data, at, end)
        return tag, value, 0, at
    if kind == LENGTH:
        size, at = read_varint(data, at, end)
        return tag, at, size, at + size if at >= 0 and 0 <= size <= end - at else -1
    size = 8 if kind == FIXED64 else 4
    if kind not in (FIXED64, FIXED32) or end - at < size:
        return 0, 0, 0, -1
    return tag, read_fixed(data, at, size), size, at + size


@compile_loop
def scan_spans(data: Bytes, ends: Numbers, keys: Bytes, key_ends: Numbers) -> Any:
    """Find everything in spans that lie one after the other, up to ``ends``.

    ``keys``, one after the other up to ``key_ends``, are of the attributes that have a column.
    """
    numbers = np.zeros((ends.size, 6), np.int64)
    texts = np.full((ends.size, 6 + key_ends.size, 2), -1, np.int64)
    most = min(int(np.sum(data == ATTRIBUTE_TAG)), MAX_ATTRIBUTES * ends.size)
    attributes = np.zeros((most, 5), np.int64)
    attribute_ends = np.zeros(ends.size, np.int64)
    at, used, supported = 0, 0, True
    for span, end in enumerate(ends):
        found = read_span(data, at, end, numbers[span], texts[span], attributes[used:])
        mine = attributes[used : used + max(found, 0)]
        supported = (
            supported
            and 0 <= found <= MAX_ATTRIBUTES
            and fits_fast_path(numbers[span], texts[span])
            and keys_are_unique(data, mine)
            and fill_columns(data, mine, texts[span], keys, key_ends)
        )
        if not supported:
            break
        at, used = end, used + found
        attribute_ends[span] = used
    return supported, numbers, texts, attributes[:used], attribute_ends


@compile_loop
def read_span(
    data: Bytes, at: int, end: int, numbers: Numbers, texts: Numbers, attributes: Numbers
) -> int:
    """Fill in a span's texts and numbers; returns its number of attributes, -1 if unsupported."""
    found, statuses = 0, 0
    while at < end:
        tag, value, size, at = read_field(data, at, end)
        number = tag >> 3
        if at < 0:
            return -1
        if number >= SPAN_WIRE.size:
            continue
        good = tag & 7 == SPAN_WIRE[number]
        if number == SPAN_ATTRIBUTE:
            good = (
                good
                and found < len(attributes)
                and read_attribute(data, value, at, attributes, found)
            )
            found += 1
        elif number == SPAN_STATUS:
            statuses += 1
            good = good and statuses == 1 and read_status(data, value, at, numbers, texts)
        else:
            good = good and store_field(number, value, size, numbers, texts)
        if not good:
            return -1
    return found


@compile_loop
def store_field(number: int, value: int, size: int, numbers: Numbers, texts: Numbers) -> bool:
    column = SPAN_TEXT[number]
    if column >= 0:
        return put_range(texts[column], value, size)
    if SPAN_NUMBER[number] >= 0:
        numbers[SPAN_NUMBER[number]] = value
    return True


@compile_loop
def put_range(row: Numbers, start: int, size: int) -> bool:
    first = row[0] < 0
    row[0], row[1] = start, size
    return bool(first)


@compile_loop
def read_status(data: Bytes, at: int, end: int, numbers: Numbers, texts: Numbers) -> bool:
    while at < end:
        tag, value, size, at = read_field(data, at, end)
        if at < 0:
            return False
        if tag == STATUS_CODE:
            numbers[STATUS] = value
        elif tag == STATUS_MESSAGE:
            if not put_range(texts[MESSAGE], value, size):
                return False
        elif tag >> 3 in (2, 3):
            return False
    return True


@compile_loop
def read_attribute(data: Bytes, at: int, end: int, attributes: Numbers, row: int) -> bool:
    if row == len(attributes):
        return False
    keys, values = 0, 0
    while at < end:
        tag, start, size, at = read_field(data, at, end)
        if at < 0:
            return False
        if tag == PAIR_KEY:
            keys += 1
            attributes[row, KEY_START], attributes[row, KEY_LENGTH] = start, size
        elif tag == PAIR_VALUE:
            values += 1
            if not read_value(data, start, at, attributes, row):
                return False
        elif tag >> 3 in (1, 2):
            return False
    return keys <= 1 and values <= 1


@compile_loop
def read_value(data: Bytes, at: int, end: int, attributes: Numbers, row: int) -> bool:
    start, stop, values = at, end, 0
    while at < end:
        tag, value, size, at = read_field(data, at, end)
        if at < 0:
            return False
        if tag >> 3 > ANY_LAST:
            continue
        values += 1
        attributes[row, VALUE], attributes[row, VALUE_LENGTH] = value, size
        if tag == ANY_STRING:
            attributes[row, VALUE_TYPE] = TEXT
        elif tag == ANY_BOOL:
            attributes[row, VALUE_TYPE] = BOOLEAN
        elif tag == ANY_INT:
            attributes[row, VALUE_TYPE] = INTEGER
        else:
            attributes[row, VALUE_TYPE], attributes[row, VALUE], attributes[row, VALUE_LENGTH] = (
                UNSUPPORTED,
                start,
                stop - start,
            )
    return values <= 1


@compile_loop
def fits_fast_path(numbers: Numbers, texts: Numbers) -> bool:
    return bool(
        texts[TRACE_ID, 1] == 16
        and texts[SPAN_ID, 1] == 8
        and texts[PARENT, 1] in (-1, 0, 8)
        and 0 <= numbers[START] <= LATEST_NS
        and 0 <= numbers[END] <= LATEST_NS
        and 0 <= numbers[KIND] <= MAX_BYTE
        and 0 <= numbers[STATUS] <= MAX_BYTE
    )


@compile_loop
def bytes_equal(data: Bytes, start: int, other: Bytes, other_start: int, size: int) -> bool:
    """Compares from the end, where keys differ most."""
    for index in range(size - 1, -1, -1):
        if data[start + index] != other[other_start + index]:
            return False
    return True


@compile_loop
def keys_are_unique(data: Bytes, attributes: Numbers) -> bool:
    """Whether no key appears twice."""
    for index in range(len(attributes)):
        start, size = attributes[index, KEY_START], attributes[index, KEY_LENGTH]
        for other in range(index):
            if attributes[other, KEY_LENGTH] == size and bytes_equal(
                data, start, data, attributes[other, KEY_START], size
            ):
                return False
    return True


@compile_loop
def fill_columns(
    data: Bytes, attributes: Numbers, texts: Numbers, keys: Bytes, key_ends: Numbers
) -> bool:
    for row in attributes:
        at = 0
        for column, end in enumerate(key_ends):
            size = end - at
            if row[KEY_LENGTH] == size and bytes_equal(data, row[KEY_START], keys, at, size):
                if row[VALUE_TYPE] == UNSUPPORTED:
                    return False
                if row[VALUE_TYPE] == TEXT:
                    # One by one: for a pair, numba compiles the text of an error, for 3 seconds.
                    texts[6 + column, 0] = row[VALUE]
                    texts[6 + column, 1] = row[VALUE_LENGTH]
            at = end
    return True
