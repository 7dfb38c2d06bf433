"""One frame of several clips as pictures in a page, with maps of where they differ."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from framegate.quality.scoring.explain import data_url, pictures_of
from framegate.quality.video.decoder import Picture, open_video
from framegate.quality.video.frame_pairs import Pair, pair_frames
from framegate.telemetry.platform.errors import InputError

REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class FramePictures:
    """Data URLs by caption, and when the frame is shown; ``seconds`` is None without a frame."""

    seconds: float | None = None
    pictures: Mapping[str, str] = field(default_factory=dict)


def pictures_at(videos: Mapping[str, Path], index: int) -> FramePictures:
    """The frame of every side; with reference footage also that, and where a side differs."""
    found: dict[str, str] = {}
    seconds = None
    for side in (name for name in videos if name != REFERENCE):
        pair = pair_at(videos[REFERENCE], videos[side], index) if REFERENCE in videos else None
        frame = pair.clip if pair else frame_at(videos[side], index)
        seconds = frame.seconds if frame else seconds
        for name, picture in pictures_of(pair).items() if pair else ():
            label = name if name == REFERENCE else f"{side}: {name}".replace(": clip", "")
            found.setdefault(label, data_url(picture))
        if frame and not pair:
            found[side] = data_url(frame.rgb)
    return FramePictures(seconds, found)


def pair_at(reference: Path, clip: Path, index: int) -> Pair | None:
    """The pair with that number; None if there is none or a file cannot be read."""
    try:
        with open_video(reference) as left, open_video(clip) as right:
            for item in pair_frames(left, right):
                if isinstance(item, Pair) and item.index == index:
                    return item
    except InputError:
        return None
    return None


def frame_at(clip: Path, index: int) -> Picture | None:
    """The frame with that number; None if there is none or the file cannot be read."""
    try:
        with open_video(clip) as video:
            return next(islice(video.pictures, index, None), None)
    except InputError:
        return None
