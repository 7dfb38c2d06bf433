"""Columns of text from the bytes of messages: unchanged, in hexadecimal, and as JSON.

A loop that finds text that is not UTF-8 stops and returns False.
"""

import numpy as np

from framegate.telemetry.otlp.span_scan import (
    BOOLEAN,
    INTEGER,
    KEY_LENGTH,
    KEY_START,
    TEXT,
    UNSUPPORTED,
    VALUE,
    VALUE_LENGTH,
    VALUE_TYPE,
)
from framegate.telemetry.platform.compiled_loops import Bytes, Numbers, Offsets, compile_loop

MAX_ESCAPE_LENGTH = 6  # \u001f
MAX_NUMBER_LENGTH = 20  # characters
HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
# How JSON writes a byte: 0 unchanged, "u" as \u00xx, otherwise a backslash and this letter.
ESCAPES = np.zeros(256, np.uint8)
ESCAPES[:0x20] = ord("u")
ESCAPES[list(b'\b\t\n\f\r"\\')] = list(b'btnfr"\\')
UNESCAPED = (ESCAPES == 0) & (np.arange(256) < 0x80)
WORDS = tuple(np.frombuffer(word, np.uint8) for word in (b"null", b"true", b"false"))
NULL, TRUE, FALSE = WORDS
QUOTE, BACKSLASH, COMMA, COLON, MINUS, OPEN, CLOSE = (np.uint8(byte) for byte in b'"\\,:-{}')


@compile_loop
def gather_text(data: Bytes, texts: Numbers, column: int) -> tuple[bool, Offsets, Bytes]:
    """Concatenated texts with offsets, as Arrow stores them; False if one is not UTF-8."""
    places = texts[:, column]
    offsets = np.zeros(len(places) + 1, np.int32)
    out = np.empty(np.maximum(places[:, 1], 0).sum(), np.uint8)
    at = 0
    for index in range(len(places)):
        start, size = places[index]
        position, end = start, start + size
        while position < end:
            width = character_width(data, position, end)
            if width == 0:
                return False, offsets, out
            for byte in range(width):
                out[at + byte] = data[position + byte]
            position, at = position + width, at + width
        offsets[index + 1] = at
    return True, offsets, out


@compile_loop
def gather_hex(data: Bytes, texts: Numbers, column: int) -> tuple[bool, Offsets, Bytes]:
    """Concatenated ids in hexadecimal, with offsets."""
    places = texts[:, column]
    offsets = np.zeros(len(places) + 1, np.int32)
    out = np.empty(2 * np.maximum(places[:, 1], 0).sum(), np.uint8)
    at = 0
    for index in range(len(places)):
        for byte in data[places[index, 0] : places[index, 0] + max(places[index, 1], 0)]:
            out[at], out[at + 1] = HEX[byte >> 4], HEX[byte & 15]
            at += 2
        offsets[index + 1] = at
    return True, offsets, out


@compile_loop
def character_width(data: Bytes, at: int, end: int) -> int:
    """Length in bytes of the UTF-8 character, 0 if invalid (RFC 3629, section 4)."""
    lead = data[at]
    if lead < 0x80:
        return 1
    if not 0xC2 <= lead <= 0xF4:
        return 0
    width = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    if at + width > end:
        return 0
    for index in range(1, width):
        if data[at + index] & 0xC0 != 0x80:
            return 0
    second = data[at + 1]
    too_long = (lead == 0xE0 and second < 0xA0) or (lead == 0xF0 and second < 0x90)
    no_character = (lead == 0xED and second >= 0xA0) or (lead == 0xF4 and second >= 0x90)
    return 0 if too_long or no_character else width


@compile_loop
def write_json_objects(
    data: Bytes, attributes: Numbers, ends: Numbers, foreign: Bytes, foreign_ends: Numbers
) -> tuple[bool, Offsets, Bytes]:
    """Each span's attributes as a JSON object, concatenated, with offsets.

    ``foreign`` is the concatenated JSON of the UNSUPPORTED values, in order.
    """
    offsets = np.zeros(ends.size + 1, np.int32)
    out = np.empty(json_capacity(data, attributes, ends, foreign), np.uint8)
    at, row, strange = 0, 0, 0
    for span, end in enumerate(ends):
        out[at] = OPEN
        at += 1
        while row < end:
            one = attributes[row]
            at = put_text(data, one[KEY_START], one[KEY_LENGTH], out, at)
            if at < 0:
                return False, offsets, out
            out[at] = COLON
            if one[VALUE_TYPE] == UNSUPPORTED:
                first = foreign_ends[strange - 1] if strange else 0
                at = put_bytes(foreign[first : foreign_ends[strange]], out, at + 1)
                strange += 1
            else:
                at = put_value(data, one, out, at + 1)
            if at < 0:
                return False, offsets, out
            out[at] = COMMA
            at, row = at + 1, row + 1
        at = at - 1 if out[at - 1] == COMMA else at
        out[at] = CLOSE
        at += 1
        offsets[span + 1] = at
    return True, offsets, out[:at].copy()


@compile_loop
def json_capacity(data: Bytes, attributes: Numbers, ends: Numbers, foreign: Bytes) -> int:
    """An upper bound for the bytes of the JSON of these attributes."""
    texts = attributes[:, KEY_LENGTH].sum()
    for row in attributes:
        texts += row[VALUE_LENGTH] if row[VALUE_TYPE] == TEXT else MAX_NUMBER_LENGTH
    punctuation = 6 * len(attributes) + 2 * ends.size + 1
    return int(MAX_ESCAPE_LENGTH * texts + punctuation + foreign.size)


@compile_loop
def put_bytes(source: Bytes, out: Bytes, at: int) -> int:
    for byte in source:
        out[at] = byte
        at += 1
    return at


@compile_loop
def put_value(data: Bytes, row: Numbers, out: Bytes, at: int) -> int:
    if row[VALUE_TYPE] == TEXT:
        return put_text(data, row[VALUE], row[VALUE_LENGTH], out, at)
    if row[VALUE_TYPE] == INTEGER:
        return put_number(row[VALUE], out, at)
    if row[VALUE_TYPE] == BOOLEAN:
        return put_bytes(TRUE if row[VALUE] else FALSE, out, at)
    return put_bytes(NULL, out, at)


@compile_loop
def put_number(number: int, out: Bytes, at: int) -> int:
    if number < 0:
        out[at] = MINUS
        at += 1
    left = np.uint64(-number) if number < 0 else np.uint64(number)
    digits = 1
    rest = left // np.uint64(10)
    while rest > 0:
        rest //= np.uint64(10)
        digits += 1
    for index in range(at + digits - 1, at - 1, -1):
        out[index] = np.uint8(48) + np.uint8(left % np.uint64(10))
        left //= np.uint64(10)
    return at + digits


@compile_loop
def put_text(data: Bytes, start: int, size: int, out: Bytes, at: int) -> int:
    """Write a JSON string; returns the offset after it, -1 for text that is not UTF-8."""
    out[at] = QUOTE
    at += 1
    position, end = start, start + size
    while position < end:
        byte = data[position]
        if UNESCAPED[byte]:
            out[at] = byte
            position, at = position + 1, at + 1
            continue
        if ESCAPES[byte]:
            at = put_escape(byte, out, at)
            position += 1
            continue
        width = character_width(data, position, end)
        if width == 0:
            return -1
        for index in range(width):
            out[at + index] = data[position + index]
        position, at = position + width, at + width
    out[at] = QUOTE
    return at + 1


@compile_loop
def put_escape(byte: int, out: Bytes, at: int) -> int:
    out[at], out[at + 1] = BACKSLASH, ESCAPES[byte]
    if ESCAPES[byte] != 0x75:  # u
        return at + 2
    out[at + 2], out[at + 3] = 0x30, 0x30
    out[at + 4], out[at + 5] = HEX[byte >> 4], HEX[byte & 15]
    return at + 6
