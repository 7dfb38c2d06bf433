"""The boxes of fragmented MP4 (ISO/IEC 14496-12), with one frame per fragment.

FFmpeg's muxer writes a fragment only when the next frame arrives. Writing the boxes here sends a
frame at once, and adds the wall clock (prft) and the trace context (emsg).
"""

import struct
from dataclasses import dataclass

TRACK_ID = 1
SYNC_SAMPLE_FLAGS, NON_SYNC_SAMPLE_FLAGS = (
    0x02000000,
    0x01010000,
)  # ISO/IEC 14496-12, 8.8.3.1: sample flags
DEFAULT_BASE_IS_MOOF = 0x020000
# trun carries: data offset, duration, size, flags and composition offset of its one sample.
TRUN_FLAGS = 0x000001 | 0x000100 | 0x000200 | 0x000400 | 0x000800
NTP_EPOCH_SECONDS = 2_208_988_800  # from 1900 to 1970
TRACE_SCHEME = "https://www.w3.org/TR/trace-context/"


@dataclass(frozen=True, slots=True)
class MediaSample:
    """One encoded frame; times and durations in units of the track's timescale."""

    decode_time: int
    duration: int
    composition_offset: int
    key: bool
    data: bytes


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def full_box(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def fragment(sequence: int, sample: MediaSample, *, wall_ns: int) -> bytes:
    """One frame as prft, moof and mdat; ``sequence`` counts fragments from 1."""
    moof = movie_fragment(sequence, sample, data_offset=0)
    moof = movie_fragment(sequence, sample, data_offset=len(moof) + 8)
    return (
        producer_reference_time(sample.decode_time, wall_ns=wall_ns)
        + moof
        + box(b"mdat", sample.data)
    )


def movie_fragment(sequence: int, sample: MediaSample, *, data_offset: int) -> bytes:
    entry = struct.pack(
        ">IiIIIi",
        1,
        data_offset,
        sample.duration,
        len(sample.data),
        SYNC_SAMPLE_FLAGS if sample.key else NON_SYNC_SAMPLE_FLAGS,
        sample.composition_offset,
    )
    return box(
        b"moof",
        full_box(b"mfhd", struct.pack(">I", sequence)),
        box(
            b"traf",
            full_box(b"tfhd", struct.pack(">I", TRACK_ID), flags=DEFAULT_BASE_IS_MOOF),
            full_box(b"tfdt", struct.pack(">Q", sample.decode_time), version=1),
            full_box(b"trun", entry, version=1, flags=TRUN_FLAGS),
        ),
    )


def producer_reference_time(media_time: int, *, wall_ns: int) -> bytes:
    """A producer reference time: when the frame with this media time was finished."""
    seconds, rest_ns = divmod(wall_ns, 1_000_000_000)
    ntp = (seconds + NTP_EPOCH_SECONDS) << 32 | (rest_ns << 32) // 1_000_000_000
    return full_box(b"prft", struct.pack(">IQQ", TRACK_ID, ntp, media_time), version=1)


def trace_event_message(traceparent: str, *, timescale: int) -> bytes:
    """An event message at time zero that carries the job's W3C trace context."""
    return full_box(
        b"emsg",
        struct.pack(">IQII", timescale, 0, 0, 1),
        TRACE_SCHEME.encode() + b"\0\0",
        traceparent.encode(),
        version=1,
    )


def length_prefixed_nal_units(annex_b: bytes) -> bytes:
    """H.264 with start codes to H.264 with four-byte lengths, as MP4 wants it."""
    units = annex_b.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    return b"".join(struct.pack(">I", len(unit)) + unit for unit in units if unit)
