"""Pairs the frames of a clip and of its reference by their timestamps."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from framegate.quality.video.decoder import Layout, Picture, Video, VideoFacts, planar_format
from framegate.telemetry.platform.errors import InputError

# Frames of two videos are a pair when they are less than half a frame apart.
TOLERANCE_FRAMES = 0.5


@dataclass(frozen=True, slots=True)
class Pair:
    """A frame of the clip and the one of the reference at the same time, in the same layout.

    ``index`` counts pairs from 0.
    """

    index: int
    reference: Picture
    clip: Picture


@dataclass(frozen=True, slots=True)
class NoReferenceFrame:
    """A frame of a clip that has no reference; ``index`` counts from 0."""

    index: int
    clip: Picture


@dataclass(frozen=True, slots=True)
class UnpairedFrame:
    """A frame without a counterpart; ``side`` is ``reference`` or ``clip``."""

    side: str


def pair_frames(reference: Video, clip: Video) -> Iterator[Pair | UnpairedFrame]:
    """Pairs and unpaired frames in order of time; every frame of both videos occurs exactly once.

    Raises InputError when the videos differ in size or rotation.
    """
    require_same_size(reference.facts, clip.facts)
    layout = common_layout(reference.facts, clip.facts)
    tolerance = TOLERANCE_FRAMES / max(reference.facts.fps, clip.facts.fps, 1.0)
    left, right = next(reference.pictures, None), next(clip.pictures, None)
    index = 0
    while left is not None or right is not None:
        if right is None or (left is not None and left.seconds < right.seconds - tolerance):
            yield UnpairedFrame("reference")
            left = next(reference.pictures, None)
        elif left is None or right.seconds < left.seconds - tolerance:
            yield UnpairedFrame("clip")
            right = next(clip.pictures, None)
        else:
            require_same_rotation(left, right)
            yield Pair(index, with_layout(left, layout), with_layout(right, layout))
            index += 1
            left, right = next(reference.pictures, None), next(clip.pictures, None)


def require_same_size(reference: VideoFacts, clip: VideoFacts) -> None:
    sizes = [f"{facts.width}x{facts.height}" for facts in (reference, clip)]
    if sizes[0] != sizes[1]:
        raise InputError(
            f"size: reference {reference.source} is {sizes[0]}, clip {clip.source} is {sizes[1]}"
        )


def require_same_rotation(reference: Picture, clip: Picture) -> None:
    angles = [picture.frame.rotation for picture in (reference, clip)]
    if angles[0] != angles[1]:
        raise InputError(f"rotation: reference is rotated by {angles[0]}°, clip by {angles[1]}°")


def with_layout(picture: Picture, layout: Layout) -> Picture:
    """The picture in a layout; the same object if it has it already, which keeps its cache."""
    return picture if picture.layout == layout else replace(picture, layout=layout, made={})


def common_layout(reference: VideoFacts, clip: VideoFacts) -> Layout:
    """The layout to compare in: the reference's, at the larger bit depth of the two videos."""
    deeper = max(reference, clip, key=lambda facts: facts.layout.bits).layout.bits
    own = reference.layout
    if own.bits == deeper:
        return own
    name, bits = planar_format(f"{own.format.removesuffix(f'{own.bits}le')}{deeper}le")
    return Layout(name, bits, own.full_range)
