"""Fragmented MP4 as a player reads it: bytes in any portions, fragments out.

Reads the boxes of ISO/IEC 14496-12 that say when a frame is to be shown and whether playing can
start with it; everything else is passed over.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

LARGEST_BOX_BYTES = 64 * 1024 * 1024
DEEPEST = 8
CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"moof", b"traf"})
NOT_SYNC = 0x00010000  # sample_is_non_sync_sample, ISO/IEC 14496-12, 8.8.3.1


class BoxError(ValueError):
    """The bytes are not the boxes they claim to be."""


@dataclass(frozen=True, slots=True)
class Header:
    """The init segment has come; ``timescale`` is ticks per second."""

    timescale: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """One moof with all of its mdat; times in seconds from the clip's start."""

    start_seconds: float
    duration_seconds: float
    frames: int
    starts_with_key: bool


@dataclass(slots=True)
class Movie:
    """What the moov and the latest moof said."""

    timescale: int = 0
    start_ticks: int = 0
    duration_ticks: int = 0
    default_duration: int = 0
    frames: int = 0
    first_flags: int | None = None


class Reader:
    """Feed it bytes as they come; it keeps no more than one box."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._movie = Movie()

    @property
    def waiting_bytes(self) -> int:
        """Bytes of a box whose end has not come; above 0 at the end means a cut stream."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[Header | Fragment]:
        """What has become complete; raises BoxError for bytes that cannot be boxes."""
        self._buffer += data
        while len(self._buffer) >= 8:
            kind, header_bytes, size = box_head(self._buffer)
            if size > len(self._buffer):
                return
            body = bytes(self._buffer[header_bytes:size])
            del self._buffer[:size]
            yield from self._read(kind, body)

    def _read(self, kind: bytes, body: bytes) -> Iterator[Header | Fragment]:
        if kind == b"moov":
            walk(kind, body, self._movie, depth=0)
            if not self._movie.timescale:
                raise BoxError("moov names no timescale")
            yield Header(self._movie.timescale)
        elif kind == b"moof":
            movie = self._movie
            movie.duration_ticks = movie.frames = 0
            movie.first_flags = None
            walk(kind, body, movie, depth=0)
        elif kind == b"mdat" and self._movie.frames:
            yield self._fragment()

    def _fragment(self) -> Fragment:
        movie = self._movie
        if not movie.timescale:
            raise BoxError("a fragment came before moov")
        flags = NOT_SYNC if movie.first_flags is None else movie.first_flags
        return Fragment(
            start_seconds=movie.start_ticks / movie.timescale,
            duration_seconds=movie.duration_ticks / movie.timescale,
            frames=movie.frames,
            starts_with_key=not flags & NOT_SYNC,
        )


def box_head(data: bytes | bytearray) -> tuple[bytes, int, int]:
    """Kind, bytes of the head, bytes of the whole box."""
    size, kind = struct.unpack_from(">I4s", data)
    head = 8
    if size == 1:
        if len(data) < 16:
            return kind, 16, 16 + 1  # not all of the head has come
        (size,) = struct.unpack_from(">Q", data, 8)
        head = 16
    if size < head:
        raise BoxError(f"box {kind!r} claims {size} bytes")
    if size > LARGEST_BOX_BYTES:
        raise BoxError(f"box {kind!r} claims {size} bytes, above {LARGEST_BOX_BYTES}")
    return kind, head, size


def walk(kind: bytes, body: bytes, movie: Movie, *, depth: int) -> None:
    """Read one box's content and, where it holds boxes, theirs."""
    if depth > DEEPEST:
        raise BoxError("boxes are nested too deeply")
    if kind in READERS:
        try:
            READERS[kind](body, movie)
        except struct.error as error:
            raise BoxError(f"box {kind!r} is too short: {error}") from error
    if kind not in CONTAINERS:
        return
    offset = 0
    while offset + 8 <= len(body):
        inner, head, size = box_head(body[offset:])
        if offset + size > len(body):
            raise BoxError(f"box {inner!r} is larger than {kind!r} around it")
        walk(inner, body[offset + head : offset + size], movie, depth=depth + 1)
        offset += size


def read_media_header(body: bytes, movie: Movie) -> None:
    movie.timescale = struct.unpack_from(">I", body, 20 if body[:1] == b"\1" else 12)[0]


def read_decode_time(body: bytes, movie: Movie) -> None:
    wide = body[:1] == b"\1"
    movie.start_ticks = struct.unpack_from(">Q" if wide else ">I", body, 4)[0]


def read_fragment_defaults(body: bytes, movie: Movie) -> None:
    """tfhd: duration and flags of samples that do not carry their own."""
    flags = int.from_bytes(body[1:4], "big")
    offset = 8
    for bit, size in ((0x1, 8), (0x2, 4), (0x8, 4), (0x10, 4), (0x20, 4)):
        if not flags & bit:
            continue
        if bit == 0x8:
            movie.default_duration = struct.unpack_from(">I", body, offset)[0]
        if bit == 0x20:
            movie.first_flags = struct.unpack_from(">I", body, offset)[0]
        offset += size


def read_run(body: bytes, movie: Movie) -> None:
    """trun: how many samples, how long, and the first one's flags."""
    flags = int.from_bytes(body[1:4], "big")
    (count,) = struct.unpack_from(">I", body, 4)
    offset = 8 + (4 if flags & 0x1 else 0)
    if flags & 0x4:
        movie.first_flags = struct.unpack_from(">I", body, offset)[0]
        offset += 4
    fields = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    if count * 4 * len(fields) > len(body):
        raise BoxError(f"box b'trun' claims {count} samples")
    for index in range(count if fields else 0):
        entry = struct.unpack_from(f">{len(fields)}I", body, offset + index * 4 * len(fields))
        values = dict(zip(fields, entry, strict=True))
        movie.duration_ticks += values.get(0x100, movie.default_duration)
        if index == 0 and 0x400 in values:
            movie.first_flags = values[0x400]
    if not fields:
        movie.duration_ticks += count * movie.default_duration
    movie.frames += count


READERS = {
    b"mdhd": read_media_header,
    b"tfdt": read_decode_time,
    b"tfhd": read_fragment_defaults,
    b"trun": read_run,
}
