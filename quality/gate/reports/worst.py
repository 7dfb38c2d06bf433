"""The candidate's worst prompts with their clips and one frame of each."""

import base64
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from framegate.quality.gate.evidence.evidence import Clip
from framegate.quality.gate.evidence.kept_clips import ClipSource
from framegate.quality.gate.judging.check import Check
from framegate.quality.gate.judging.document import VerdictDocument
from framegate.quality.gate.policy.measures import MEASURES
from framegate.telemetry.platform.extras import missing_extra_line

MOST_PROMPTS = 6
LARGEST_BYTES = 16 * 1024 * 1024  # bytes of one clip in a page
SIDES = ("baseline", "candidate")


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One measure of one prompt on both sides."""

    measure: str
    unit: str
    baseline: float | None
    candidate: float | None
    worse_by: float | None


@dataclass(frozen=True, slots=True)
class WorstPrompt:
    """One prompt: numbers, clips as data URLs, and pictures of one frame."""

    prompt: str
    key: str
    category: str
    seed: int | None
    why: str
    rows: tuple[MeasureRow, ...]
    videos: Mapping[str, str] = field(default_factory=dict)
    frame: int | None = None
    pictures: Mapping[str, str] = field(default_factory=dict)


def worst_prompts(document: VerdictDocument) -> list[WorstPrompt]:
    """The worst prompts of all rules, the one worst in units of its limit first."""
    ranked: dict[str, tuple[float, Check]] = {}
    for check in document.checks:
        for one in check.worst:
            share = one.worse_by / harm_scale(check, document)
            if share > ranked.get(one.unit, (0.0, check))[0]:
                ranked[one.unit] = (share, check)
    order = sorted(ranked.items(), key=lambda item: -item[1][0])[:MOST_PROMPTS]
    footage = (
        ClipSource(document.baseline, most_bytes=LARGEST_BYTES),
        ClipSource(document.candidate, most_bytes=LARGEST_BYTES),
    )
    found = []
    for unit, (_, check) in order:
        sides = [first_clip(side.clips, unit) for side in (document.baseline, document.candidate)]
        if sides[0] and sides[1]:
            found.append(worst_prompt(check, sides[0], sides[1], footage))
    return found


def harm_scale(check: Check, document: VerdictDocument) -> float:
    """The unit that harms of different measures are compared in: the margin of the rule."""
    rule = document.policy_file.policy.metrics[check.measure or ""]
    if rule.margin:
        return rule.margin
    if rule.relative_margin:
        return rule.relative_margin * max(abs(check.baseline or 0.0), 1e-9)
    limits = [one.margin for one in (rule.worst, rule.categories) if one]
    return min(limits) if limits else 1.0


def first_clip(clips: Sequence[Clip], unit: str) -> Clip | None:
    return next((clip for clip in clips if clip.unit == unit), None)


def worst_prompt(
    check: Check, baseline: Clip, candidate: Clip, footage: tuple[ClipSource, ClipSource]
) -> WorstPrompt:
    videos = dict(clips_of(baseline, candidate, footage))
    index = worst_frame(check.measure or "", baseline, candidate, footage)
    return WorstPrompt(
        prompt=candidate.prompt,
        key=candidate.key,
        category=candidate.category,
        seed=candidate.seed,
        why=check.measure or check.rule.label,
        rows=tuple(rows_of(baseline, candidate)),
        videos={name: video_url(data) for name, data in videos.items()},
        frame=index,
        pictures=frame_pictures(videos, index),
    )


def rows_of(baseline: Clip, candidate: Clip) -> Iterator[MeasureRow]:
    for name in dict.fromkeys([*baseline.values, *candidate.values]):
        before, after = baseline.values.get(name), candidate.values.get(name)
        measure = MEASURES[name]
        harm = None if before is None or after is None else measure.sign * (before - after)
        yield MeasureRow(name, measure.unit, before, after, harm)


def clips_of(
    baseline: Clip, candidate: Clip, footage: tuple[ClipSource, ClipSource]
) -> Iterator[tuple[str, bytes]]:
    found = {
        "reference": footage[1].read(candidate, "reference"),
        "baseline": footage[0].read(baseline, "clip"),
        "candidate": footage[1].read(candidate, "clip"),
    }
    return ((name, data) for name, data in found.items() if data is not None)


def worst_frame(
    measure: str, baseline: Clip, candidate: Clip, footage: tuple[ClipSource, ClipSource]
) -> int:
    """The frame where the candidate is worse by most; the first frame without per-frame values."""
    values = [
        frame_values(measure, footage[n].read(clip, "frames"))
        for n, clip in enumerate((baseline, candidate))
    ]
    shared = values[0].keys() & values[1].keys()
    sign = MEASURES[measure].sign if measure in MEASURES else 1.0
    return min(shared, key=lambda n: (sign * (values[1][n] - values[0][n]), n), default=0)


def frame_values(measure: str, document: bytes | None) -> Mapping[int, float]:
    """A metric's values by frame number, from a record."""
    if document is None:
        return {}
    found = json.loads(document)["metrics"].get(measure, {"indices": [], "values": []})
    return dict(zip(found["indices"], found["values"], strict=True))


def frame_pictures(videos: Mapping[str, bytes], index: int) -> Mapping[str, str]:
    """A frame of the reference and of both sides, with maps of where they differ."""
    if "reference" not in videos:
        return {}
    # What looks at pixels takes seconds to import, which a page without clips need not wait for.
    try:
        from framegate.quality.gate.reports.pictures import pictures_at
    except ModuleNotFoundError as error:
        line = missing_extra_line(error.name, ("gate", "report"))
        if line is None:
            raise
        sys.stderr.write(f"The page has no pictures of frames: {line}\n")
        return {}

    with TemporaryDirectory(prefix="framegate-") as folder:
        paths = {name: Path(folder) / f"{name}.mp4" for name in videos}
        for name, path in paths.items():
            path.write_bytes(videos[name])
        sides = {side: paths[side] for side in SIDES if side in paths}
        return pictures_at(paths["reference"], sides, index)


def video_url(data: bytes) -> str:
    return f"data:video/mp4;base64,{base64.b64encode(data).decode()}"
