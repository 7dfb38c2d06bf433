"""Fragmented MP4, read by a decoder that knows nothing of how it was written."""

import io
import struct
import time

import av
import numpy as np
import pytest

from framegate.generator.video.encoder import Encoder
from framegate.generator.video.fmp4 import length_prefixed_nal_units
from tests.videos import moving_frames

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
FPS = 12


@pytest.fixture(scope="module")
def parts() -> list[bytes]:
    """The header and one fragment for each of 30 frames."""
    encoder = Encoder(width=64, height=64, fps=FPS)
    frames = moving_frames(30)
    written = [encoder.header(traceparent=TRACEPARENT)]
    written += [encoder.add(frame, wall_ns=time.time_ns()) for frame in frames]
    assert encoder.finish(wall_ns=time.time_ns()) == b""
    return written


def decoded(data: bytes) -> list[av.VideoFrame]:
    with av.open(io.BytesIO(data), "r") as container:
        return list(container.decode(video=0))


def test_every_frame_leaves_at_once(parts: list[bytes]) -> None:
    assert len(parts) == 31
    assert all(parts)


def test_a_stream_cut_at_any_fragment_plays_to_the_cut(parts: list[bytes]) -> None:
    for count in range(1, len(parts)):
        assert len(decoded(b"".join(parts[: count + 1]))) == count


@pytest.mark.parametrize("fps", [1, 12, 24, 25, 30, 60])
def test_frames_come_out_at_their_times(fps: int) -> None:
    encoder = Encoder(width=64, height=64, fps=fps)
    clip = encoder.header() + b"".join(encoder.add(f, wall_ns=0) for f in moving_frames(8))
    times = [frame.time for frame in decoded(clip + encoder.finish(wall_ns=0))]
    assert times == pytest.approx([n / fps for n in range(8)], abs=1e-6)


def test_pictures_survive(parts: list[bytes]) -> None:
    for painted, frame in zip(moving_frames(30), decoded(b"".join(parts)), strict=True):
        seen = frame.to_ndarray(format="rgb24").astype(float)
        assert np.abs(seen - painted).mean() < 12.0


def test_a_player_can_seek(parts: list[bytes]) -> None:
    with av.open(io.BytesIO(b"".join(parts)), "r") as container:
        container.seek(2_000_000)
        assert next(container.decode(video=0)).time == pytest.approx(2.0)


def test_fragments_carry_the_wall_clock_and_the_header_the_trace(parts: list[bytes]) -> None:
    assert TRACEPARENT.encode() in parts[0]
    place = parts[1].index(b"prft")
    ntp = struct.unpack(">Q", parts[1][place + 12 : place + 20])[0]
    assert abs((ntp >> 32) - 2_208_988_800 - time.time()) < 600


def test_start_codes_become_lengths() -> None:
    stream = b"\0\0\0\1\x67ab\0\0\1\x68c\0\0\0\1\x65def"
    assert length_prefixed_nal_units(stream) == b"\0\0\0\3gab\0\0\0\2hc\0\0\0\4edef"
