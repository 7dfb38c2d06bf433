"""One clip against its reference: one pass over both, every metric fed from it."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from quality.integrity import Finding
from quality.metric import Abstention, Metric, mean
from quality.metrics import DEFAULT, METRICS, WITHOUT_REFERENCE
from quality.pairs import Alone, Lonely, Pair, common_layout, paired
from quality.video import Facts, Layout, opened
from telemetry.errors import InputError

JSON_VERSION = 2
LPIPS_EVERY = 8  # frames; neighbouring frames tell LPIPS little that is new
GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
# A clip that lacks more of its reference's frames than this (or has more of its own) is
# incomplete, and an incomplete clip has no score.
UNPAIRED_SHARE = 0.02
UNPAIRED_FRAMES = 1


# A metric that abstains on more of a clip's frames than this has no value for the clip.
ABSTAINED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class MetricScore:
    """One metric on one clip: per-frame values and what they come to, or why there are none.

    ``value`` is the clip's score; ``mean``, ``min``, ``max`` and the percentiles are of the
    frames. ``coverage`` is the share of the frames looked at that have a value.
    """

    id: str
    unit: str
    higher_is_better: bool
    value: float | None
    mean: float | None
    min: float | None
    max: float | None
    p5: float | None
    p95: float | None
    coverage: float
    indices: tuple[int, ...]
    values: tuple[float, ...]
    reason: str | None

    @property
    def frames(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class ClipScore:
    """Every metric's word on one clip; ``reference`` is None when there is none.

    ``layout`` is what the planes of both were compared as; ``findings`` are about the clip's file.
    """

    reference: Facts | None
    clip: Facts
    layout: Layout
    paired_frames: int
    unpaired_frames: int
    findings: tuple[Finding, ...]
    metrics: Mapping[str, MetricScore]


class Tally:
    """One metric's values as the frames go by."""

    def __init__(self, metric: Metric, *, every: int) -> None:
        self.metric = metric
        self._every = every
        self._memory: Any = None
        self._indices: list[int] = []
        self._values: list[float] = []
        self._abstained: list[str] = []
        self._broken: str | None = None

    def add(self, moment: Pair | Alone) -> None:
        """Look at one moment; a metric that is undefined for it has no value for the clip."""
        if self._broken or not self._looks_at(moment.index):
            return
        try:
            self._memory, value = self.metric.update(self._memory, moment)
        except ValueError as error:
            self._broken = f"frame {moment.clip.index}: {error}"
            return
        if isinstance(value, Abstention):
            self._abstained.append(value.reason)
        elif value is not None:
            self._indices.append(moment.index - self.metric.delay)
            self._values.append(value)

    def _looks_at(self, index: int) -> bool:
        span = self.metric.sampled
        return not span or 0 <= index - sampled_from(index, every=self._every, span=span) < span

    def score(self, reason: str | None) -> MetricScore:
        """The clip's score; with a ``reason`` against it, or with no values, it has none."""
        why = self._broken or reason or self._reason()
        looked = len(self._values) + len(self._abstained)
        fifth, most = quantiles(self._values) if self._values else (None, None)
        return MetricScore(
            id=self.metric.id,
            unit=self.metric.unit,
            higher_is_better=self.metric.higher_is_better,
            value=None if why else self.metric.clip_value(self._values),
            mean=None if why else mean(self._values),
            min=None if why else min(self._values),
            max=None if why else max(self._values),
            p5=None if why else fifth,
            p95=None if why else most,
            coverage=len(self._values) / looked if looked else 0.0,
            indices=tuple(self._indices),
            values=tuple(self._values),
            reason=why,
        )

    def _reason(self) -> str | None:
        kept, looked = len(self._values), len(self._values) + len(self._abstained)
        if looked and kept < (1.0 - ABSTAINED_SHARE) * looked:
            most, _ = Counter(self._abstained).most_common(1)[0]
            return f"{kept} of {looked} frames have a value; most often: {most}"
        return no_value_reason(self._values)


def sampled_from(index: int, *, every: int, span: int) -> int:
    """Where, among the ``every`` frames around this one, the sample of ``span`` frames begins.

    The place moves by the golden ratio from one such stretch of frames to the next: at the same
    place in each, a fault that comes and goes in step would be missed or seen every time.
    """
    stretch = index // every
    return stretch * every + int(max(0, every - span + 1) * (stretch * GOLDEN % 1.0))


def quantiles(values: Sequence[float]) -> tuple[float, float]:
    low, high = np.quantile(values, (0.05, 0.95))
    return float(low), float(high)


def score(
    reference: str | Path,
    clip: str | Path,
    *,
    metrics: Sequence[str] = DEFAULT,
    lpips_every: int = LPIPS_EVERY,
    progress: Callable[[int], None] | None = None,
) -> ClipScore:
    """Score a clip against its reference; memory does not grow with its length.

    Metrics that sample look at one frame in ``lpips_every``; the indices say which.
    ``progress`` is called with the number of each pair of frames.
    Raises InputError naming what cannot be used: an unknown metric, an unreadable video, two
    videos of different size.
    """
    tallies = tallies_of(chosen(metrics), every=lpips_every)
    together = alone = 0
    with opened(reference) as left, opened(clip) as right:
        for item in paired(left, right):
            if isinstance(item, Lonely):
                alone += 1
                continue
            together += 1
            feed(tallies, item, progress)
        reason = incomplete(together, alone)
        return ClipScore(
            reference=left.facts,
            clip=right.facts,
            layout=common_layout(left.facts, right.facts),
            paired_frames=together,
            unpaired_frames=alone,
            findings=(*unpaired(together, alone), *right.timeline.findings()),
            metrics={tally.metric.id: tally.score(reason) for tally in tallies},
        )


def inspect(
    clip: str | Path,
    *,
    metrics: Sequence[str] = WITHOUT_REFERENCE,
    progress: Callable[[int], None] | None = None,
) -> ClipScore:
    """Score a clip that has no reference, by metrics that need none.

    Raises InputError naming what cannot be used.
    """
    known = chosen(metrics)
    needing = [metric.id for metric in known if metric.needs_reference]
    if needing:
        raise InputError(f"metrics: {', '.join(needing)}: without a reference there is no value")
    tallies = tallies_of(known, every=1)
    frames = 0
    with opened(clip) as video:
        for index, picture in enumerate(video.pictures):
            feed(tallies, Alone(index, picture), progress)
            frames = index + 1
        return ClipScore(
            reference=None,
            clip=video.facts,
            layout=video.facts.layout,
            paired_frames=frames,
            unpaired_frames=0,
            findings=tuple(video.timeline.findings()),
            metrics={tally.metric.id: tally.score(None) for tally in tallies},
        )


def tallies_of(metrics: Sequence[Metric], *, every: int) -> list[Tally]:
    if every < 1:
        raise InputError(f"lpips-every: {every} is below 1")
    return [Tally(metric, every=every) for metric in metrics]


def feed(
    tallies: Sequence[Tally], moment: Pair | Alone, progress: Callable[[int], None] | None
) -> None:
    for tally in tallies:
        tally.add(moment)
    if progress:
        progress(moment.index + 1)


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


def unpaired(together: int, alone: int) -> Iterator[Finding]:
    if alone:
        yield Finding("unpaired", f"{alone} of {together + alone} frames have no counterpart")


def no_value_reason(values: Sequence[float]) -> str | None:
    if not values:
        return "too few frames for one value"
    return None if all(math.isfinite(value) for value in values) else "a value is not finite"


def as_json(clip_score: ClipScore) -> dict[str, Any]:
    """The score as one JSON document."""
    return {
        "version": JSON_VERSION,
        "reference": asdict(clip_score.reference) if clip_score.reference else None,
        "clip": asdict(clip_score.clip),
        "layout": asdict(clip_score.layout),
        "paired_frames": clip_score.paired_frames,
        "unpaired_frames": clip_score.unpaired_frames,
        "findings": [asdict(finding) for finding in clip_score.findings],
        "metrics": {name: metric_json(item) for name, item in clip_score.metrics.items()},
    }


def metric_json(item: MetricScore) -> dict[str, Any]:
    document = {
        "value": item.value,
        "mean": item.mean,
        "min": item.min,
        "max": item.max,
        "p5": item.p5,
        "p95": item.p95,
        "coverage": item.coverage,
        "frames": item.frames,
        "unit": item.unit,
        "higher_is_better": item.higher_is_better,
        "indices": item.indices,
        "values": item.values,
    }
    return document | ({"reason": item.reason} if item.reason else {})
