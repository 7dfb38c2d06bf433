"""The clips that a page shows, with their videos and one frame of each as data URLs."""

import base64
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from framegate.quality.gate.evidence.archive import Archive
from framegate.quality.gate.evidence.kept_clips import ClipSource
from framegate.quality.gate.evidence.pairing import SIDE_NAMES
from framegate.quality.gate.judging.document import VerdictDocument
from framegate.quality.gate.policy.measures import MEASURES
from framegate.quality.gate.reports.clip_frame import ClipFrame, Footage, worst_frame
from framegate.quality.gate.reports.worst import WorstClip, explain_choice, harm_of, worst_clips
from framegate.telemetry.platform.extras import missing_extra_line

LARGEST_BYTES = 16 * 1024 * 1024  # bytes of one clip in a page


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One measure of one clip on both sides."""

    measure: str
    unit: str
    baseline: float | None
    candidate: float | None
    worse_by: float | None


@dataclass(frozen=True, slots=True)
class ShownClip:
    """One clip: why it is shown, its numbers, its videos, and pictures of its worst frame.

    ``seconds`` is when the frame is shown; None where no picture could be made. ``absent`` says
    which side's clip is not there, and why.
    """

    chosen: WorstClip
    why: str
    rows: tuple[MeasureRow, ...]
    videos: Mapping[str, str]
    frame: ClipFrame
    seconds: float | None = None
    pictures: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()


def shown_clips(document: VerdictDocument, archive: Archive | None) -> list[ShownClip]:
    """``archive`` is where the run keeps per-frame values of clips that no record has."""
    footage = (
        ClipSource(document.baseline, most_bytes=LARGEST_BYTES, archive=archive),
        ClipSource(document.candidate, most_bytes=LARGEST_BYTES, archive=archive),
    )
    return [shown_clip(one, footage) for one in worst_clips(document)]


def shown_clip(one: WorstClip, footage: Footage) -> ShownClip:
    videos = dict(videos_of(one, footage))
    frame = worst_frame(one, footage)
    seconds, pictures = frame_pictures(videos, frame.index)
    return ShownClip(
        chosen=one,
        why=explain_choice(one),
        rows=tuple(rows_of(one)),
        videos={name: video_url(data) for name, data in videos.items()},
        frame=frame,
        seconds=seconds,
        pictures=pictures,
        absent=tuple(absences_of(one, footage, videos)),
    )


def absences_of(one: WorstClip, footage: Footage, videos: Mapping[str, bytes]) -> Iterator[str]:
    for name, clip, source in zip(SIDE_NAMES, one.sides, footage, strict=True):
        if clip and clip.delivery and name not in videos:
            yield f"{name}: {source.explain_absence(clip)}"


def rows_of(one: WorstClip) -> Iterator[MeasureRow]:
    before, after = one.sides
    values = [clip.values if clip else {} for clip in one.sides]
    for name in dict.fromkeys([*values[0], *values[1]]):
        harm = harm_of(name, before, after) if before and after else None
        yield MeasureRow(name, MEASURES[name].unit, values[0].get(name), values[1].get(name), harm)


def videos_of(one: WorstClip, footage: Footage) -> Iterator[tuple[str, bytes]]:
    before, after = one.sides
    found = {
        "reference": footage[1].read(after, "reference") if after else None,
        "baseline": footage[0].read(before, "clip") if before else None,
        "candidate": footage[1].read(after, "clip") if after else None,
    }
    return ((name, data) for name, data in found.items() if data is not None)


def frame_pictures(
    videos: Mapping[str, bytes], index: int
) -> tuple[float | None, Mapping[str, str]]:
    """When the frame is shown, and its pictures by caption."""
    if not videos:
        return None, {}
    # What looks at pixels takes seconds to import, which a page without clips need not wait for.
    try:
        from framegate.quality.gate.reports.pictures import pictures_at
    except ModuleNotFoundError as error:
        line = missing_extra_line(error.name, ("gate", "report"))
        if line is None:
            raise
        sys.stderr.write(f"The page has no pictures of frames: {line}\n")
        return None, {}

    with TemporaryDirectory(prefix="framegate-") as folder:
        paths = {name: Path(folder) / f"{name}.mp4" for name in videos}
        for name, path in paths.items():
            path.write_bytes(videos[name])
        found = pictures_at(paths, index)
    return found.seconds, found.pictures


def video_url(data: bytes) -> str:
    return f"data:video/mp4;base64,{base64.b64encode(data).decode()}"
