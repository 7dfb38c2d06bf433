"""Clips against their reference: one pass over all of them, every metric fed from it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import tee
from pathlib import Path
from typing import Any

from framegate.quality.metrics.definitions import DEFAULT_METRICS, WITHOUT_REFERENCE
from framegate.quality.metrics.metric import Metric
from framegate.quality.metrics.table import METRICS
from framegate.quality.scoring.sampling import LPIPS_EVERY
from framegate.quality.scoring.tally import MetricScore, MetricTally
from framegate.quality.video.content import Content
from framegate.quality.video.decoder import Layout, Video, VideoFacts, open_video
from framegate.quality.video.file_integrity import Finding
from framegate.quality.video.frame_pairs import (
    NoReferenceFrame,
    UnpairedFrame,
    common_layout,
    pair_frames,
)
from framegate.telemetry.platform.errors import InputError

JSON_VERSION = 3
# A clip is incomplete, and has no score, when more frames than this have no counterpart: frames of
# the reference that the clip lacks, or frames of the clip that the reference does not have.
UNPAIRED_SHARE = 0.02
UNPAIRED_FRAMES = 1
# Ids of findings: frames without a counterpart, and what is before those of the reference's file.
UNPAIRED, REFERENCE_PREFIX = "unpaired", "reference_"

Source = str | Path


@dataclass(frozen=True, slots=True)
class ClipScore:
    """The score of one clip: ``metrics`` by id, each a value or a reason why there is none.

    ``reference`` is None for a clip that was inspected without one; so is its content.
    ``layout`` is the pixel format that the planes of both videos were compared in.
    ``paired_frames`` counts the frames that have a frame of the other video at the same time,
    ``unpaired_frames`` those of both videos that have none. ``findings`` are faults of the files:
    missing frames, broken timestamps and the like.
    """

    reference: VideoFacts | None
    clip: VideoFacts
    reference_content: Content | None
    clip_content: Content
    layout: Layout
    paired_frames: int
    unpaired_frames: int
    findings: tuple[Finding, ...]
    metrics: Mapping[str, MetricScore]

    @property
    def clip_faults(self) -> tuple[str, ...]:
        """The ids of the findings about the clip's own file, not about its reference."""
        ids = (one.id for one in self.findings if not one.id.startswith(REFERENCE_PREFIX))
        return tuple(dict.fromkeys(one for one in ids if one != UNPAIRED))


class ClipScorer:
    """Scores one clip frame by frame, in step with its reference."""

    def __init__(self, reference: Video, clip: Video, tallies: Sequence[MetricTally]) -> None:
        self._reference, self._clip = reference, clip
        self._items = pair_frames(reference, clip)
        self._tallies = tallies
        self.paired_count = self.unpaired_count = 0
        self.reference_count = 0  # frames of the reference
        self.is_finished = False

    def step(self) -> None:
        """Take the next pair, or the next frame that has no counterpart in the other video."""
        item = next(self._items, None)
        if item is None:
            self.is_finished = True
        elif isinstance(item, UnpairedFrame):
            self.unpaired_count += 1
            self.reference_count += item.side == "reference"
        else:
            self.paired_count += 1
            self.reference_count += 1
            for tally in self._tallies:
                tally.add(item)

    def score(self) -> ClipScore:
        reason = incomplete_reason(self.paired_count, self.unpaired_count)
        return ClipScore(
            reference=self._reference.facts,
            clip=self._clip.facts,
            reference_content=self._reference.content(),
            clip_content=self._clip.content(),
            layout=common_layout(self._reference.facts, self._clip.facts),
            paired_frames=self.paired_count,
            unpaired_frames=self.unpaired_count,
            findings=(
                *unpaired_findings(self.paired_count, self.unpaired_count),
                *self._clip.timeline.findings(),
                *prefix_reference_findings(self._reference.timeline.findings()),
            ),
            metrics={tally.metric.id: tally.score(reason) for tally in self._tallies},
        )


def score(
    reference: Source,
    clip: Source,
    *,
    metrics: Sequence[str] = DEFAULT_METRICS,
    lpips_every: int = LPIPS_EVERY,
    progress: Callable[[int], None] | None = None,
) -> ClipScore:
    """Score a clip against its reference; memory does not grow with the clips' length.

    ``metrics`` are ids of ``METRICS``; those of LPIPS are computed on one frame in ``lpips_every``
    (``MetricScore.indices`` says which). ``progress`` is called after every frame with the number
    of reference frames that are done.
    Raises InputError for an unknown metric, an unreadable video, and for two videos of different
    size or rotation; its message names the video or the metric. A metric that is undefined for
    this clip raises nothing: its ``MetricScore`` has a reason instead of a value.
    """
    (found,) = scores(
        reference, [clip], metrics=metrics, lpips_every=lpips_every, progress=progress
    )
    return found


def scores(
    reference: Source,
    clips: Sequence[Source],
    *,
    metrics: Sequence[str] = DEFAULT_METRICS,
    lpips_every: int = LPIPS_EVERY,
    progress: Callable[[int], None] | None = None,
) -> list[ClipScore]:
    """Score several clips against one reference in one pass; one ``ClipScore`` per clip, in order.

    The reference is decoded once, and features and motion of its frames are computed once.
    Arguments and errors are those of ``score``.
    """
    known = select_metrics(metrics)
    with ExitStack() as stack:
        left = stack.enter_context(open_video(reference))
        copies = tee(left.pictures, len(clips))
        runs = [
            ClipScorer(
                Video(left.facts, copy, left.timeline, left.digest),
                stack.enter_context(open_video(clip)),
                tallies_of(known, every=lpips_every),
            )
            for clip, copy in zip(clips, copies, strict=True)
        ]
        while waiting := [run for run in runs if not run.is_finished]:
            # The clip that is furthest behind goes next: tee() keeps every frame of the reference
            # between the first clip and the last.
            hindmost = min(waiting, key=lambda run: run.reference_count)
            hindmost.step()
            if progress:
                progress(hindmost.reference_count)
        return [run.score() for run in runs]


def inspect(
    clip: Source,
    *,
    metrics: Sequence[str] = WITHOUT_REFERENCE,
    progress: Callable[[int], None] | None = None,
) -> ClipScore:
    """Score a clip without a reference, with metrics that need none (``WITHOUT_REFERENCE``).

    Raises InputError for an unreadable video, an unknown metric, and a metric that needs a
    reference. ``progress`` is called after every frame with the number of frames that are done.
    """
    known = select_metrics(metrics)
    needing = [metric.id for metric in known if metric.needs_reference]
    if needing:
        raise InputError(f"metrics: {', '.join(needing)}: not computable without a reference")
    tallies = tallies_of(known, every=1)
    frames = 0
    with open_video(clip) as video:
        for index, picture in enumerate(video.pictures):
            for tally in tallies:
                tally.add(NoReferenceFrame(index, picture))
            frames = index + 1
            if progress:
                progress(frames)
        return ClipScore(
            reference=None,
            clip=video.facts,
            reference_content=None,
            clip_content=video.content(),
            layout=video.facts.layout,
            paired_frames=frames,
            unpaired_frames=0,
            findings=tuple(video.timeline.findings()),
            metrics={tally.metric.id: tally.score(None) for tally in tallies},
        )


def tallies_of(metrics: Sequence[Metric], *, every: int) -> list[MetricTally]:
    if every < 1:
        raise InputError(f"lpips-every: {every} is below 1")
    return [MetricTally(metric, every=every) for metric in metrics]


def select_metrics(ids: Sequence[str]) -> list[Metric]:
    unknown = [name for name in ids if name not in METRICS]
    if unknown:
        raise InputError(f"metrics: unknown: {', '.join(unknown)}; known: {', '.join(METRICS)}")
    return [METRICS[name] for name in dict.fromkeys(ids)]


def incomplete_reason(together: int, alone: int) -> str | None:
    """Why a clip with ``alone`` unpaired frames is incomplete; None when it is complete."""
    if alone <= max(UNPAIRED_FRAMES, UNPAIRED_SHARE * (together + alone)):
        return None
    return f"only {together} of {together + alone} frames have a counterpart at the same time"


def prefix_reference_findings(findings: Iterable[Finding]) -> Iterator[Finding]:
    for finding in findings:
        yield Finding(f"{REFERENCE_PREFIX}{finding.id}", finding.detail)


def unpaired_findings(together: int, alone: int) -> Iterator[Finding]:
    if alone:
        yield Finding(
            UNPAIRED,
            f"{alone} of {together + alone} frames have no counterpart at the same time",
        )


def as_document(clip_score: ClipScore) -> dict[str, Any]:
    """The score as one JSON document."""
    return {
        "version": JSON_VERSION,
        "reference": video_json(clip_score.reference, clip_score.reference_content),
        "clip": video_json(clip_score.clip, clip_score.clip_content),
        "layout": asdict(clip_score.layout),
        "paired_frames": clip_score.paired_frames,
        "unpaired_frames": clip_score.unpaired_frames,
        "findings": [asdict(finding) for finding in clip_score.findings],
        "metrics": {name: metric_json(item) for name, item in clip_score.metrics.items()},
    }


def video_json(facts: VideoFacts | None, content: Content | None) -> dict[str, Any] | None:
    return asdict(facts) | asdict(content) if facts and content else None


def metric_json(item: MetricScore) -> dict[str, Any]:
    document = {
        "value": item.value,
        "mean": item.mean,
        "min": item.min,
        "max": item.max,
        "p5": item.p5,
        "p95": item.p95,
        "coverage": item.coverage,
        "sampled_every": item.sampled_every,
        "frames": item.frames,
        "unit": item.unit,
        "higher_is_better": item.higher_is_better,
        "indices": item.indices,
        "values": item.values,
    }
    return document | ({"reason": item.reason} if item.reason else {})
