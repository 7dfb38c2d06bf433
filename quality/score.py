"""One clip against its reference: one pass over both, every metric fed from it."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from quality.metrics import METRICS, Metric
from quality.pairs import Lonely, Pair, paired
from quality.video import Facts, opened
from telemetry.errors import InputError

JSON_VERSION = 1
LPIPS_EVERY = 8  # frames; neighbouring frames tell LPIPS little that is new
# A clip that lacks more of its reference's frames than this (or has more of its own) is
# incomplete, and an incomplete clip has no score.
UNPAIRED_SHARE = 0.02
UNPAIRED_FRAMES = 1


@dataclass(frozen=True, slots=True)
class MetricScore:
    """One metric on one clip: per-frame values and what they come to, or why there are none."""

    id: str
    unit: str
    higher_is_better: bool
    mean: float | None
    min: float | None
    max: float | None
    indices: tuple[int, ...]
    values: tuple[float, ...]
    reason: str | None

    @property
    def frames(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class ClipScore:
    """Every metric's word on one clip."""

    reference: Facts
    clip: Facts
    paired_frames: int
    unpaired_frames: int
    metrics: Mapping[str, MetricScore]


class Tally:
    """One metric's values as the frames go by."""

    def __init__(self, metric: Metric, *, every: int) -> None:
        self.metric = metric
        self._every = every if metric.sampled else 1
        self._memory: Any = None
        self._indices: list[int] = []
        self._values: list[float] = []

    def add(self, pair: Pair) -> None:
        if pair.index % self._every == 0:
            self._memory, value = self.metric.update(self._memory, pair)
            if value is not None:
                self._indices.append(pair.index)
                self._values.append(value)

    def score(self, reason: str | None) -> MetricScore:
        """The clip's score; with a ``reason`` against it, or with no values, it has none."""
        why = reason or no_value_reason(self._values)
        return MetricScore(
            id=self.metric.id,
            unit=self.metric.unit,
            higher_is_better=self.metric.higher_is_better,
            mean=None if why else math.fsum(self._values) / len(self._values),
            min=None if why else min(self._values),
            max=None if why else max(self._values),
            indices=tuple(self._indices),
            values=tuple(self._values),
            reason=why,
        )


def score(
    reference: str | Path,
    clip: str | Path,
    *,
    metrics: Sequence[str] = tuple(METRICS),
    lpips_every: int = LPIPS_EVERY,
    progress: Callable[[int], None] | None = None,
) -> ClipScore:
    """Score a clip; memory does not grow with its length.

    ``progress`` is called with the number of each pair of frames.
    Raises InputError naming what cannot be used: an unknown metric, an unreadable video, two
    videos of different size.
    """
    tallies = [Tally(metric, every=lpips_every) for metric in chosen(metrics)]
    if lpips_every < 1:
        raise InputError(f"lpips-every: {lpips_every} is below 1")
    together = alone = 0
    with opened(reference) as left, opened(clip) as right:
        for item in paired(left, right):
            if isinstance(item, Lonely):
                alone += 1
                continue
            together += 1
            feed(tallies, item)
            if progress:
                progress(together)
        reason = incomplete(together, alone)
        return ClipScore(
            reference=left.facts,
            clip=right.facts,
            paired_frames=together,
            unpaired_frames=alone,
            metrics={tally.metric.id: tally.score(reason) for tally in tallies},
        )


def feed(tallies: Sequence[Tally], pair: Pair) -> None:
    try:
        for tally in tallies:
            tally.add(pair)
    except ValueError as error:
        raise InputError(f"frame {pair.clip.index}: {error}") from error


def chosen(ids: Sequence[str]) -> list[Metric]:
    unknown = [name for name in ids if name not in METRICS]
    if unknown or not ids:
        given = ", ".join(unknown) or "none given"
        raise InputError(f"metrics: {given}; known: {', '.join(METRICS)}")
    return [METRICS[name] for name in dict.fromkeys(ids)]


def incomplete(together: int, alone: int) -> str | None:
    """Why two videos are not the same length, if they are not."""
    if alone <= max(UNPAIRED_FRAMES, UNPAIRED_SHARE * (together + alone)):
        return None
    return f"only {together} of {together + alone} frames have a counterpart at the same time"


def no_value_reason(values: Sequence[float]) -> str | None:
    if not values:
        return "too few frames for one value"
    return None if all(math.isfinite(value) for value in values) else "a value is not finite"


def as_json(clip_score: ClipScore) -> dict[str, Any]:
    """The score as one JSON document."""
    return {
        "version": JSON_VERSION,
        "reference": asdict(clip_score.reference),
        "clip": asdict(clip_score.clip),
        "paired_frames": clip_score.paired_frames,
        "unpaired_frames": clip_score.unpaired_frames,
        "metrics": {name: metric_json(item) for name, item in clip_score.metrics.items()},
    }


def metric_json(item: MetricScore) -> dict[str, Any]:
    document = {
        "mean": item.mean,
        "min": item.min,
        "max": item.max,
        "frames": item.frames,
        "unit": item.unit,
        "higher_is_better": item.higher_is_better,
        "indices": item.indices,
        "values": item.values,
    }
    return document | ({"reason": item.reason} if item.reason else {})
