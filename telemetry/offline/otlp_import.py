"""Imports OTLP files into a store, while no collector runs."""

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from framegate.telemetry.otlp.bodies import JSON, PROTOBUF, OtlpError, Signal, decode_request
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.store.store import Store

FRAME_BYTES = 4  # length prefix of each message in the OpenTelemetry Collector's protobuf files
GZIP_MAGIC = b"\x1f\x8b"
JSON_KEYS = {
    "resourceSpans": Signal.TRACES,
    "resourceLogs": Signal.LOGS,
    "resourceMetrics": Signal.METRICS,
}
MAX_IN_FLIGHT = 64  # bodies that are queued at the same time


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Counts of one file's rows: stored, already stored or repeated, and rejected."""

    stored: int = 0
    known: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class OtlpBody:
    """One OTLP request of a file; ``place`` is for messages."""

    signal: Signal
    data: bytes
    content_type: str
    place: str


def import_file(store: Store, path: Path, *, signal: Signal | None = None) -> ImportResult:
    """Store a file of OTLP JSON lines or protobuf; rows that are already stored are skipped.

    A protobuf file needs ``signal``; it holds one request, or several with four bytes of length
    before each.
    Raises InputError naming the line or message that cannot be read; what precedes it is stored.
    """
    total = ImportResult()
    waiting: list[tuple[int, int, Any]] = []
    for body in read_bodies(path, signal=signal):
        try:
            export = decode_request(body.signal, body.data, body.content_type)
        except OtlpError as error:
            raise InputError(f"{body.place}: {error}") from error
        digest = hashlib.sha256(body.signal.encode() + body.data).digest()
        done = store.append(body.signal, export.rows, digest=digest)
        waiting.append((export.rows.table.num_rows, export.rows.rejected, done))
        if len(waiting) == MAX_IN_FLIGHT:
            total = collect_counts(total, waiting)
            waiting = []
    return collect_counts(total, waiting)


def collect_counts(total: ImportResult, waiting: list[tuple[int, int, Any]]) -> ImportResult:
    for count, rejected, done in waiting:
        stored = done.result()
        total = ImportResult(
            total.stored + stored, total.known + count - stored, total.refused + rejected
        )
    return total


def read_bodies(path: Path, *, signal: Signal | None) -> Iterator[OtlpBody]:
    try:
        with path.open("rb") as file:
            zipped = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        with gzip.open(path) if zipped else path.open("rb") as content:
            first = content.read(1)
            content.seek(0)
            if first in (b"{", b""):
                yield from json_line_bodies(path, content)
            else:
                yield from protobuf_bodies(path, content.read(), signal=signal)
    except (OSError, EOFError) as error:
        raise InputError(f"{path}: {error}") from error


def json_line_bodies(path: Path, lines: Any) -> Iterator[OtlpBody]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            place = f"{path}, line {number}"
            for signal, data in split_signals(line, place):
                yield OtlpBody(signal, data, JSON, place)


def split_signals(line: bytes, place: str) -> Iterator[tuple[Signal, bytes]]:
    """The requests of one line, which may hold several signals."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InputError(f"{place}: {error}") from error
    keys = [key for key in JSON_KEYS if isinstance(value, dict) and key in value]
    if not keys:
        raise InputError(f"{place}: has none of the keys {', '.join(JSON_KEYS)}")
    for key in keys:
        yield JSON_KEYS[key], line if len(keys) == 1 else orjson.dumps({key: value[key]})


def protobuf_bodies(path: Path, content: bytes, *, signal: Signal | None) -> Iterator[OtlpBody]:
    if signal is None:
        raise InputError(f"{path}: is not JSON; pass --signal for a protobuf file")
    frames = split_frames(content) or [content]
    for number, data in enumerate(frames, start=1):
        yield OtlpBody(signal, data, PROTOBUF, f"{path}, message {number}")


def split_frames(content: bytes) -> list[bytes]:
    """The length-prefixed messages; empty when the lengths do not add up."""
    found, offset = [], 0
    while offset + FRAME_BYTES <= len(content):
        end = offset + FRAME_BYTES + int.from_bytes(content[offset : offset + FRAME_BYTES])
        found.append(content[offset + FRAME_BYTES : end])
        offset = end
    return found if offset == len(content) else []
