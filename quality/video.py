"""The only decoder: a path or URL to facts and frames, one at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

from telemetry.errors import InputError

Pixels = NDArray[np.uint8]

UNSPECIFIED_MATRIX = 2
HD_HEIGHT = 720  # a stream that does not name its matrix is taken as BT.709 from here on
NETWORK_TIMEOUT_SECONDS = 20.0
# Formats whose first plane is 8-bit luma as it stands.
LUMA_FORMATS = frozenset({"yuv420p", "yuv422p", "yuv444p", "yuvj420p", "yuvj422p", "yuvj444p"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What a video says of itself, and what was assumed where it is silent."""

    source: str
    codec: str
    width: int
    height: int
    fps: float
    pixel_format: str
    matrix: str
    matrix_assumed: bool
    full_range: bool


@dataclass(frozen=True)
class Picture:
    """One decoded frame; ``seconds`` counts from the video's first frame."""

    index: int
    seconds: float
    frame: VideoFrame
    matrix: Colorspace

    @cached_property
    def rgb(self) -> Pixels:
        """(H, W, 3), 8-bit, full range."""
        rgb = self.frame.to_ndarray(
            format="rgb24", src_colorspace=self.matrix, dst_colorspace=self.matrix
        )
        return np.asarray(rgb, np.uint8)

    @cached_property
    def luma(self) -> Pixels:
        """(H, W), 8-bit code values in the stream's own range."""
        frame = self.frame
        if frame.format.name not in LUMA_FORMATS:
            frame = frame.reformat(format="yuv444p")
        plane = frame.planes[0]
        rows = np.asarray(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        return np.asarray(rows[:, : plane.width])


@dataclass(frozen=True, slots=True)
class Video:
    """An opened video: its facts, and its frames, each decoded once."""

    facts: Facts
    pictures: Iterator[Picture]


@contextmanager
def opened(source: str | Path) -> Iterator[Video]:
    """Open a path or an http(s) URL; raises InputError naming it when it is no video."""
    container = open_container(str(source))
    with container:
        if not container.streams.video:
            raise InputError(f"{source}: has no video track")
        stream = container.streams.video[0]
        stream.thread_type = "SLICE"
        facts = facts_of(str(source), stream)
        yield Video(facts=facts, pictures=pictures(str(source), container, facts))


def open_container(source: str) -> InputContainer:
    remote = urlsplit(source).scheme in ("http", "https")
    if not remote and Path(source).is_dir():
        raise InputError(f"{source}: is a folder, not a video")
    if not remote and not os.access(source, os.R_OK):
        raise InputError(f"{source}: {'cannot be read' if Path(source).exists() else 'not found'}")
    try:
        return av.open(source, timeout=NETWORK_TIMEOUT_SECONDS if remote else None)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise InputError(f"{source}: not a readable video: {error}") from error


def facts_of(source: str, stream: VideoStream) -> Facts:
    context = stream.codec_context
    matrix = context.colorspace
    assumed = matrix == UNSPECIFIED_MATRIX
    return Facts(
        source=source,
        codec=context.name,
        width=context.width,
        height=context.height,
        fps=float(stream.average_rate or stream.guessed_rate or 0),
        pixel_format=context.pix_fmt or "unknown",
        matrix=matrix_of(matrix, height=context.height).name,
        matrix_assumed=assumed,
        full_range=context.color_range == ColorRange.JPEG,
    )


def matrix_of(number: int, *, height: int) -> Colorspace:
    """The colour matrix of a stream's number; unnamed ones by the frame's height."""
    known = {int(matrix): matrix for matrix in Colorspace}
    # 6 (SMPTE 170M) is the same matrix as BT.601; 10 is the other BT.2020 form.
    known |= {6: Colorspace.ITU601, 10: Colorspace.BT2020}
    guess = Colorspace.ITU709 if height >= HD_HEIGHT else Colorspace.ITU601
    return known.get(number, guess)


def pictures(source: str, container: InputContainer, facts: Facts) -> Iterator[Picture]:
    """Every frame in order; a broken end is an InputError, as is a video of no frames."""
    matrix = Colorspace[facts.matrix]
    first: float | None = None
    index = -1
    try:
        for index, frame in enumerate(container.decode(video=0)):
            if (frame.width, frame.height) != (facts.width, facts.height):
                size = f"{frame.width}x{frame.height}"
                raise InputError(f"{source}: frame {index} changes size to {size}")
            time = frame.time if frame.time is not None else index / (facts.fps or 1.0)
            first = time if first is None else first
            yield Picture(index=index, seconds=time - first, frame=frame, matrix=matrix)
    except av.FFmpegError as error:
        raise InputError(f"{source}: decoding fails after frame {index}: {error}") from error
    if index < 0:
        raise InputError(f"{source}: has no frames")
