"""Reads fragmented MP4 as a player does: takes bytes in pieces of any size, gives fragments.

Reads the boxes of ISO/IEC 14496-12 that say when a frame is displayed and whether playback can
start with it, and skips all others.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

MAX_BOX_BYTES = 64 * 1024 * 1024
MAX_BOX_DEPTH = 8
CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"moof", b"traf"})
SAMPLE_IS_NON_SYNC = 0x00010000  # sample_is_non_sync_sample, ISO/IEC 14496-12, 8.8.3.1


class BoxError(ValueError):
    """The bytes are not valid ISO BMFF boxes."""


@dataclass(frozen=True, slots=True)
class InitSegment:
    """The init segment is complete; ``timescale`` is in ticks per second."""

    timescale: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """One moof with its complete mdat; times are in seconds from the clip's start."""

    start_seconds: float
    duration_seconds: float
    frames: int
    starts_with_key: bool


@dataclass(slots=True)
class MovieState:
    """Values of the moov and of the latest moof."""

    timescale: int = 0
    start_ticks: int = 0
    duration_ticks: int = 0
    default_duration: int = 0
    frames: int = 0
    first_flags: int | None = None


class FragmentReader:
    """Reads bytes as they arrive; keeps no more than one box."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._movie = MovieState()

    @property
    def incomplete_bytes(self) -> int:
        """Bytes of an incomplete box; above 0 at the end means that the stream was cut."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[InitSegment | Fragment]:
        """The segments that are now complete; raises BoxError for bytes that are not boxes."""
        self._buffer += data
        while len(self._buffer) >= 8:
            kind, header_bytes, size = read_box_header(self._buffer)
            if size > len(self._buffer):
                return
            body = bytes(self._buffer[header_bytes:size])
            del self._buffer[:size]
            yield from self._read_top_level_box(kind, body)

    def _read_top_level_box(self, kind: bytes, body: bytes) -> Iterator[InitSegment | Fragment]:
        if kind == b"moov":
            read_box(kind, body, self._movie, depth=0)
            if not self._movie.timescale:
                raise BoxError("moov has no mdhd timescale")
            yield InitSegment(self._movie.timescale)
        elif kind == b"moof":
            movie = self._movie
            movie.duration_ticks = movie.frames = 0
            movie.first_flags = None
            read_box(kind, body, movie, depth=0)
        elif kind == b"mdat" and self._movie.frames:
            yield self._current_fragment()

    def _current_fragment(self) -> Fragment:
        movie = self._movie
        if not movie.timescale:
            raise BoxError("fragment before moov")
        flags = SAMPLE_IS_NON_SYNC if movie.first_flags is None else movie.first_flags
        return Fragment(
            start_seconds=movie.start_ticks / movie.timescale,
            duration_seconds=movie.duration_ticks / movie.timescale,
            frames=movie.frames,
            starts_with_key=not flags & SAMPLE_IS_NON_SYNC,
        )


def box_name(kind: bytes) -> str:
    """A box type for messages, such as 'moof'."""
    return repr(kind.decode("latin-1"))


def read_box_header(data: bytes | bytearray) -> tuple[bytes, int, int]:
    """Box type, bytes of the header, bytes of the whole box."""
    size, kind = struct.unpack_from(">I4s", data)
    head = 8
    if size == 1:
        if len(data) < 16:
            return kind, 16, 16 + 1  # the header is not complete yet
        (size,) = struct.unpack_from(">Q", data, 8)
        head = 16
    if size < head:
        raise BoxError(f"box {box_name(kind)}: invalid size {size}")
    if size > MAX_BOX_BYTES:
        raise BoxError(
            f"box {box_name(kind)}: size {size} exceeds the limit of {MAX_BOX_BYTES} bytes"
        )
    return kind, head, size


def read_box(kind: bytes, body: bytes, movie: MovieState, *, depth: int) -> None:
    """Read one box and the boxes inside it."""
    if depth > MAX_BOX_DEPTH:
        raise BoxError("boxes are nested too deeply")
    if kind in BOX_READERS:
        try:
            BOX_READERS[kind](body, movie)
        except struct.error as error:
            raise BoxError(f"box {box_name(kind)} is too short: {error}") from error
    if kind not in CONTAINERS:
        return
    offset = 0
    while offset + 8 <= len(body):
        inner, head, size = read_box_header(body[offset:])
        if offset + size > len(body):
            raise BoxError(f"box {box_name(inner)} is larger than its parent {box_name(kind)}")
        read_box(inner, body[offset + head : offset + size], movie, depth=depth + 1)
        offset += size


def read_media_header(body: bytes, movie: MovieState) -> None:
    movie.timescale = struct.unpack_from(">I", body, 20 if body[:1] == b"\1" else 12)[0]


def read_decode_time(body: bytes, movie: MovieState) -> None:
    wide = body[:1] == b"\1"
    movie.start_ticks = struct.unpack_from(">Q" if wide else ">I", body, 4)[0]


def read_fragment_header(body: bytes, movie: MovieState) -> None:
    """tfhd: default duration and flags of the samples."""
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


def read_track_run(body: bytes, movie: MovieState) -> None:
    """trun: number of samples, their durations, and the first sample's flags."""
    flags = int.from_bytes(body[1:4], "big")
    (count,) = struct.unpack_from(">I", body, 4)
    offset = 8 + (4 if flags & 0x1 else 0)
    if flags & 0x4:
        movie.first_flags = struct.unpack_from(">I", body, offset)[0]
        offset += 4
    fields = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    if count * 4 * len(fields) > len(body):
        raise BoxError(f"box 'trun': {count} samples do not fit in {len(body)} bytes")
    for index in range(count if fields else 0):
        entry = struct.unpack_from(f">{len(fields)}I", body, offset + index * 4 * len(fields))
        values = dict(zip(fields, entry, strict=True))
        movie.duration_ticks += values.get(0x100, movie.default_duration)
        if index == 0 and 0x400 in values:
            movie.first_flags = values[0x400]
    if not fields:
        movie.duration_ticks += count * movie.default_duration
    movie.frames += count


BOX_READERS = {
    b"mdhd": read_media_header,
    b"tfdt": read_decode_time,
    b"tfhd": read_fragment_header,
    b"trun": read_track_run,
}
