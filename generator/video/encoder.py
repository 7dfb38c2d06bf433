"""Frames to H.264 in fragmented MP4: a frame is written as soon as it is encoded."""

import io
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from av.packet import Packet
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

from framegate.generator.video.fmp4 import (
    MediaSample,
    fragment,
    length_prefixed_nal_units,
    trace_event_message,
)

Pixels = NDArray[np.uint8]

DEFAULT_CRF = 18
REFERENCE_CRF = 10
# Without zerolatency x264 delays its output by about 40 frames.
ENCODER_OPTIONS = {"preset": "veryfast", "tune": "zerolatency", "bf": "0", "sc_threshold": "0"}


class Encoder:
    """Encodes one clip; ``header`` comes first, then one fragment per frame."""

    def __init__(self, *, width: int, height: int, fps: int, crf: int = DEFAULT_CRF) -> None:
        self._sink = io.BytesIO()
        # The muxer only writes the header; fragments are written by ``fmp4``.
        self._container = av.open(
            self._sink,
            "w",
            format="mp4",
            options={"movflags": "empty_moov+default_base_moof+frag_custom"},
        )
        self._stream = self._add_stream(width, height, fps=fps, crf=crf)
        self._container.start_encoding()
        self._timescale = muxer_timescale(self._stream)
        self._frame_ticks = self._timescale // fps
        self._frames = 0
        self._sequence = 0

    def _add_stream(self, width: int, height: int, *, fps: int, crf: int) -> VideoStream:
        options = {**ENCODER_OPTIONS, "crf": str(crf)}
        stream = self._container.add_stream("libx264", rate=fps, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.gop_size = fps
        context.thread_count = 1
        context.time_base = Fraction(1, fps)
        context.colorspace = Colorspace.ITU709
        context.color_range = ColorRange.MPEG
        return stream

    def header(self, *, traceparent: str = "") -> bytes:
        """The start of the file: ftyp, moov, and the job's trace context if there is one."""
        init = self._sink.getvalue()
        return init + (
            trace_event_message(traceparent, timescale=self._timescale) if traceparent else b""
        )

    def add(self, rgb: Pixels, *, wall_ns: int) -> bytes:
        """Encode one 8-bit RGB frame (H, W, 3); returns the fragments that are ready."""
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709
        )
        frame.pts = self._frames
        self._frames += 1
        return self._join_fragments(self._stream.encode(frame), wall_ns=wall_ns)

    def finish(self, *, wall_ns: int) -> bytes:
        """Finish the clip; returns the fragments that the encoder still had."""
        rest = self._join_fragments(self._stream.encode(None), wall_ns=wall_ns)
        self._container.close()
        return rest

    def _join_fragments(self, packets: "list[Packet[VideoStream]]", *, wall_ns: int) -> bytes:
        return b"".join(self._fragments(packets, wall_ns=wall_ns))

    def _fragments(self, packets: "list[Packet[VideoStream]]", *, wall_ns: int) -> Iterator[bytes]:
        for packet in packets:
            self._sequence += 1
            presentation, decode = packet.pts or 0, packet.dts or 0
            sample = MediaSample(
                decode_time=decode * self._frame_ticks,
                duration=self._frame_ticks,
                composition_offset=(presentation - decode) * self._frame_ticks,
                key=packet.is_keyframe,
                data=length_prefixed_nal_units(bytes(packet)),
            )
            yield fragment(self._sequence, sample, wall_ns=wall_ns)


def muxer_timescale(stream: VideoStream) -> int:
    """Ticks per second that the muxer wrote into the header: a multiple of the frame rate."""
    if stream.time_base is None or stream.time_base.numerator != 1:
        raise ValueError(f"the timescale of the muxer is not a whole number: {stream.time_base}")
    return int(stream.time_base.denominator)
