"""Small real videos for tests."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
SAMPLES_PER_SECOND = 48_000  # of audio


def moving_frames(count: int, *, width: int = 64, height: int = 64, seed: int = 0) -> list[Pixels]:
    """A textured picture that slides to the right: (H, W, 3), 8-bit."""
    random = np.random.default_rng(seed)
    wide = random.integers(40, 200, (height // 8, (width + 8 * count) // 8 + 1, 3))
    picture = np.kron(wide, np.ones((8, 8, 1))).astype(np.uint8)
    return [picture[:, 2 * n : 2 * n + width] for n in range(count)]


def write_video(
    path: Path,
    frames: Iterable[Pixels],
    *,
    fps: int = 24,
    crf: str = "0",
    codec: str = "libx264",
    pixel_format: str = "yuv444p",
    full_range: bool = False,
    audio: bool = False,
) -> Path:
    """Encode frames losslessly unless ``crf`` says otherwise; returns the path.

    ``audio`` adds a track of silence that is as long as the picture.
    """
    count = 0
    with av.open(str(path), "w") as container:
        options = {"crf": crf} if codec == "libx264" else {}
        stream: Any = container.add_stream(codec, rate=fps, options=options)
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = Fraction(1, fps)
        sound: Any = container.add_stream("aac", rate=SAMPLES_PER_SECOND) if audio else None
        wanted = ColorRange.JPEG if full_range else ColorRange.MPEG
        stream.codec_context.color_range = wanted
        for index, pixels in enumerate(frames):
            if index == 0:
                stream.height, stream.width = pixels.shape[:2]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame = frame.reformat(format=pixel_format, dst_color_range=wanted)
            frame.pts = index
            container.mux(stream.encode(frame))
            count = index + 1
        container.mux(stream.encode(None))
        if sound:
            add_silence(container, sound, seconds=count / fps)
    return path


def add_silence(container: OutputContainer, sound: Any, *, seconds: float) -> None:
    silence = np.zeros((1, round(seconds * SAMPLES_PER_SECOND)), np.float32)
    frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
    frame.sample_rate = SAMPLES_PER_SECOND
    container.mux(sound.encode(frame))
    container.mux(sound.encode(None))
