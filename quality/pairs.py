"""Frames of a clip beside the frames of its reference that belong to the same moment."""

from collections.abc import Iterator
from dataclasses import dataclass

from quality.video import Facts, Picture, Video
from telemetry.errors import InputError

# Frames of two videos belong together when they are less than half a frame apart.
TOLERANCE_FRAMES = 0.5


@dataclass(frozen=True, slots=True)
class Pair:
    """The clip's frame and the reference's at the same moment; ``index`` counts pairs from 0."""

    index: int
    reference: Picture
    clip: Picture


@dataclass(frozen=True, slots=True)
class Lonely:
    """A frame of one video that the other has nothing beside."""

    side: str


def paired(reference: Video, clip: Video) -> Iterator[Pair | Lonely]:
    """Both videos in step, by time; every frame of either comes out exactly once.

    Raises InputError when the videos differ in size.
    """
    refuse_other_size(reference.facts, clip.facts)
    tolerance = TOLERANCE_FRAMES / max(reference.facts.fps, clip.facts.fps, 1.0)
    left, right = next(reference.pictures, None), next(clip.pictures, None)
    index = 0
    while left is not None or right is not None:
        if right is None or (left is not None and left.seconds < right.seconds - tolerance):
            yield Lonely("reference")
            left = next(reference.pictures, None)
        elif left is None or right.seconds < left.seconds - tolerance:
            yield Lonely("clip")
            right = next(clip.pictures, None)
        else:
            yield Pair(index, left, right)
            index += 1
            left, right = next(reference.pictures, None), next(clip.pictures, None)


def refuse_other_size(reference: Facts, clip: Facts) -> None:
    sizes = [f"{facts.width}x{facts.height}" for facts in (reference, clip)]
    if sizes[0] != sizes[1]:
        raise InputError(
            f"size: reference {reference.source} is {sizes[0]}, clip {clip.source} is {sizes[1]}"
        )
