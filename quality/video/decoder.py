"""The only decoder: opens a path or URL, gives the facts of the video and its frames in order."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

from framegate.quality.video.content import Content, FrameDigest, content_of
from framegate.quality.video.file_integrity import Timeline
from framegate.telemetry.platform.errors import InputError

Pixels = NDArray[np.uint8]
Levels = NDArray[Any]  # uint8 or uint16

UNSPECIFIED_MATRIX = 2
HD_HEIGHT = 720  # a stream that does not name its matrix is taken as BT.709 from here on
# Formats that contain their own pictures. Playlists (hls, concat, dash) name other files and URLs;
# a clip from an unknown source must not make us open those.
CONTAINER_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,mpegvideo,avi,flv,ogg,gif,apng,ivf,h264,hevc,"
    "av1,obu,mxf,asf,nut,yuv4mpegpipe,webp_pipe"
)
MAX_FRAME_PIXELS = 2**26  # of a frame, 8192 x 8192: every metric holds several of them
NETWORK_TIMEOUT_SECONDS = 20.0
# Planar formats by name: the chroma sampling is in it, so may be the depth.
PLANAR_PATTERN = re.compile(r"yuv[aj]?(4\d\d)p(?:(\d+)le)?|gray(?:(\d+)le)?")
SEMI_PLANAR = {"nv12": "420", "nv21": "420", "p010le": "420", "nv16": "422", "p210le": "422"}
SMALL_WIDTH = 640  # pixels; frames are reduced to it where detail does not matter
BIT_DEPTHS = (8, 10, 12, 16)  # in which frames are compared


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of a frame's planes: FFmpeg's pixel format, bits per sample, value range."""

    format: str
    bits: int
    full_range: bool

    @property
    def peak(self) -> float:
        """The difference of the luma of white and of black, in code values of these bits."""
        return float((255 if self.full_range else 219) << (self.bits - 8))

    @property
    def floor(self) -> float:
        """The luma of black."""
        return float((0 if self.full_range else 16) << (self.bits - 8))


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """The properties of a video, from its container and codec.

    ``matrix_assumed`` says that the file names no colour matrix: BT.709 is assumed from 720 lines
    on, BT.601 below.
    """

    source: str
    codec: str
    width: int
    height: int
    fps: float
    pixel_format: str
    matrix: str
    matrix_assumed: bool
    full_range: bool

    @property
    def layout(self) -> Layout:
        """The planar layout that loses nothing of this video's frames."""
        return Layout(*planar_format(self.pixel_format), full_range=self.full_range)


@dataclass(frozen=True)
class Picture:
    """One decoded frame; ``seconds`` counts from the video's first frame, ``index`` from 0.

    ``layout`` is the layout that ``planes`` has; ``made`` caches what metrics compute of it.
    """

    index: int
    seconds: float
    frame: VideoFrame
    matrix: Colorspace
    full_range: bool
    layout: Layout
    made: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def rgb(self) -> Pixels:
        """(H, W, 3), 8-bit, full range."""
        rgb = self._reformat("rgb24", full_range=True).to_ndarray()
        return np.asarray(rgb, np.uint8)

    @cached_property
    def planes(self) -> tuple[Levels, ...]:
        """Luma (H, W) and, unless the layout is gray, both chroma planes, as uint8 or uint16."""
        frame = self.frame
        name = frame.format.name.replace("yuvj", "yuv").replace("yuva", "yuv")
        if name != self.layout.format or self.full_range != self.layout.full_range:
            frame = self._reformat(self.layout.format, full_range=self.layout.full_range)
        dtype = np.uint8 if self.layout.bits == 8 else np.uint16
        count = 1 if self.layout.format.startswith("gray") else 3
        return tuple(levels(plane, np.dtype(dtype)) for plane in frame.planes[:count])

    @property
    def luma(self) -> Levels:
        """(H, W), code values as the layout says."""
        return self.planes[0]

    @cached_property
    def small_luma(self) -> NDArray[np.float32]:
        """Luma (H, W) in 8-bit code values, reduced by area averaging to at most 640 columns."""
        return downscale_image(self.luma) / np.float32(1 << (self.layout.bits - 8))

    @cached_property
    def small_rgb(self) -> NDArray[np.float32]:
        """RGB (H, W, 3) in 0..1, of the same size as ``small_luma``."""
        return downscale_image(self.rgb) / np.float32(255)

    def _reformat(self, pixel_format: str, *, full_range: bool) -> VideoFrame:
        return self.frame.reformat(
            format=pixel_format,
            src_colorspace=self.matrix,
            dst_colorspace=self.matrix,
            src_color_range=colour_range(self.full_range),
            dst_color_range=colour_range(full_range),
        )


def downscale_image(values: NDArray[Any]) -> NDArray[np.float32]:
    height, width = values.shape[:2]
    if width > SMALL_WIDTH:
        size = (SMALL_WIDTH, max(1, round(height * SMALL_WIDTH / width)))
        values = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    return np.asarray(values, np.float32)


def levels(plane: VideoPlane, dtype: np.dtype[Any]) -> Levels:
    """A plane's code values (H, W), without the padding at the end of its lines."""
    values = np.frombuffer(memoryview(plane), dtype)
    return values.reshape(plane.height, -1)[:, : plane.width]


def colour_range(full: bool) -> ColorRange:
    return ColorRange.JPEG if full else ColorRange.MPEG


@dataclass(frozen=True, slots=True)
class Video:
    """An open video: its facts, its frames (each decoded once), and the faults found on the way."""

    facts: VideoFacts
    pictures: Iterator[Picture]
    timeline: Timeline
    digest: FrameDigest

    def content(self) -> Content:
        """What was decoded; complete after the last frame."""
        return content_of(self.timeline, self.digest)


@contextmanager
def open_video(source: str | Path) -> Iterator[Video]:
    """Open a path or an http(s) URL; raises InputError naming it when it is not a video."""
    container = open_container(str(source))
    with container:
        if not container.streams.video:
            raise InputError(f"{source}: has no video track")
        stream = container.streams.video[0]
        if stream.codec_context is None:
            raise InputError(f"{source}: the codec of its video track is unknown")
        stream.thread_type = "SLICE"
        facts = facts_of(str(source), stream)
        if facts.width * facts.height > MAX_FRAME_PIXELS:
            size = f"{facts.width}x{facts.height}"
            raise InputError(
                f"{source}: frames of {size} are too large; the limit is {MAX_FRAME_PIXELS} pixels"
            )
        timeline = Timeline.from_container(container, stream, fps=facts.fps)
        digest = FrameDigest()
        yield Video(facts, decode_pictures(container, facts, timeline, digest), timeline, digest)


def planar_format(pixel_format: str) -> tuple[str, int]:
    """The planar format, and its bits, that keeps all of a pixel format's precision.

    Alpha is dropped; RGB becomes 4:4:4.
    """
    found = PLANAR_PATTERN.fullmatch(pixel_format)
    try:
        depth = max(component.bits for component in av.VideoFormat(pixel_format).components)
    except ValueError:
        depth = 8  # a stream that does not say; its frames will
    bits = next((known for known in BIT_DEPTHS if known >= depth), BIT_DEPTHS[-1])
    suffix = "" if bits == 8 else f"{bits}le"
    if found and found[1] is None:
        return f"gray{suffix}", bits
    sampling = found[1] if found else SEMI_PLANAR.get(pixel_format, "444")
    return f"yuv{sampling}p{suffix}", bits


def open_container(source: str) -> InputContainer:
    remote = urlsplit(source).scheme in ("http", "https")
    if not remote and Path(source).is_dir():
        raise InputError(f"{source}: is a folder, not a video")
    if not remote and not os.access(source, os.R_OK):
        raise InputError(f"{source}: {'cannot be read' if Path(source).exists() else 'not found'}")
    try:
        timeout = NETWORK_TIMEOUT_SECONDS if remote else None
        return av.open(source, timeout=timeout, options={"format_whitelist": CONTAINER_FORMATS})
    except (av.FFmpegError, OSError, ValueError) as error:
        raise InputError(f"{source}: not a readable video: {error}") from error


def facts_of(source: str, stream: VideoStream) -> VideoFacts:
    context = stream.codec_context
    matrix = context.colorspace
    assumed = matrix == UNSPECIFIED_MATRIX
    return VideoFacts(
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


def decode_pictures(
    container: InputContainer, facts: VideoFacts, timeline: Timeline, digest: FrameDigest
) -> Iterator[Picture]:
    """Every frame in order; raises InputError for a file cut short and for one without frames."""
    matrix, layout, source = Colorspace[facts.matrix], facts.layout, facts.source
    first: float | None = None
    index = -1
    try:
        for index, frame in enumerate(decode_frames(container, timeline)):
            if (frame.width, frame.height) != (facts.width, facts.height):
                size = f"{frame.width}x{frame.height}"
                raise InputError(f"{source}: frame {index} changes size to {size}")
            time = frame.time if frame.time is not None else index / (facts.fps or 1.0)
            first = time if first is None else first
            picture = Picture(
                index=index,
                seconds=time - first,
                frame=frame,
                matrix=matrix,
                full_range=facts.full_range,
                layout=layout,
            )
            digest.add(picture)
            yield picture
    except av.FFmpegError as error:
        raise InputError(f"{source}: decoding fails after frame {index}: {error}") from error
    if index < 0:
        raise InputError(f"{source}: has no frames")


def decode_frames(container: InputContainer, timeline: Timeline) -> Iterator[VideoFrame]:
    """The first video track's frames; the times of all tracks go to the timeline."""
    stream = container.streams.video[0]
    for packet in container.demux():
        if packet.stream.index != stream.index:
            timeline.add_packet(packet)
            continue
        for frame in stream.decode(packet):
            timeline.add_frame(frame)
            yield frame
