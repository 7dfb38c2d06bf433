"""What was decoded of a video: how many frames, how long, with audio or not, and which frames."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from framegate.quality.video.file_integrity import Timeline

if TYPE_CHECKING:
    from framegate.quality.video.decoder import Picture

DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Content:
    """What was decoded of a video.

    ``seconds`` is the time from the first frame to the end of the last one. ``digest`` (BLAKE2b of
    all planes, 32 hexadecimal digits) is the same for two videos only if they show the same frames:
    the container, its metadata and the codec have no part in it.
    """

    frames: int
    seconds: float
    has_audio: bool
    digest: str


class FrameDigest:
    """The digest of a video's frames, fed as they are decoded."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=DIGEST_BYTES)

    def add(self, picture: "Picture") -> None:
        self._hash.update(f"{picture.layout.format} {picture.luma.shape}\n".encode())
        for plane in picture.planes:
            self._hash.update(np.ascontiguousarray(plane).data)

    def hex(self) -> str:
        return self._hash.hexdigest()


def content_of(timeline: Timeline, digest: FrameDigest) -> Content:
    """The content of a video whose frames were all decoded."""
    return Content(
        frames=timeline.frames,
        seconds=timeline.picture.seconds,
        has_audio=any(track.kind == "audio" for track in timeline.others.values()),
        digest=digest.hex(),
    )
