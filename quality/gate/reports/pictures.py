"""One frame of the reference and of several clips, as pictures in a page."""

from collections.abc import Mapping
from pathlib import Path

from framegate.quality.scoring.explain import data_url, pictures_of
from framegate.quality.video.decoder import open_video
from framegate.quality.video.frame_pairs import Pair, pair_frames
from framegate.telemetry.platform.errors import InputError


def pictures_at(reference: Path, clips: Mapping[str, Path], index: int) -> Mapping[str, str]:
    """Data URLs by caption: the frames, their differences, maps of where they differ."""
    pictures: dict[str, str] = {}
    for side, clip in clips.items():
        pair = pair_at(reference, clip, index)
        for name, picture in pictures_of(pair).items() if pair else ():
            label = name if name == "reference" else f"{side}: {name}".replace(": clip", "")
            pictures.setdefault(label, data_url(picture))
    return pictures


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
