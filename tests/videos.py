"""Small real videos for tests."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def moving_frames(count: int, *, width: int = 64, height: int = 64, seed: int = 0) -> list[Pixels]:
    """A textured picture that slides to the right: (H, W, 3), 8-bit."""
    random = np.random.default_rng(seed)
    wide = random.integers(40, 200, (height // 8, (width + 8 * count) // 8 + 1, 3))
    picture = np.kron(wide, np.ones((8, 8, 1))).astype(np.uint8)
    return [picture[:, 2 * n : 2 * n + width] for n in range(count)]


def write_video(path: Path, frames: Iterable[Pixels], *, fps: int = 24, crf: str = "0") -> Path:
    """Encode frames losslessly (4:4:4) unless ``crf`` says otherwise; returns the path."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": crf})
        stream.pix_fmt = "yuv444p"
        stream.codec_context.time_base = Fraction(1, fps)
        for index, pixels in enumerate(frames):
            if index == 0:
                stream.height, stream.width = pixels.shape[:2]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
