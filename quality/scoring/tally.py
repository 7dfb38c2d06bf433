"""One metric's values over the frames of a clip, and the clip's score made of them."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from framegate.quality.metrics.metric import Abstention, Metric, mean
from framegate.quality.video.frame_pairs import NoReferenceFrame, Pair

GOLDEN_RATIO = (math.sqrt(5.0) - 1.0) / 2.0
# A metric without a value for more of a clip's frames than this has no value for the clip.
MAX_ABSTAINED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class MetricScore:
    """One metric's score of one clip.

    ``value`` is the clip's score, in ``unit``; ``mean``, ``min``, ``max`` and the percentiles
    ``p5`` and ``p95`` are over its frames. All six are None where ``reason`` says why there is no
    score. ``values`` are those of the single frames, ``indices`` their frame numbers from 0.
    ``coverage`` is the share (0 to 1) of the sampled frames that have a value.
    ``sampled_every`` is n for a metric that took one frame in n, and 1 for one that took all.
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
    sampled_every: int
    indices: tuple[int, ...]
    values: tuple[float, ...]
    reason: str | None

    @property
    def frames(self) -> int:
        return len(self.values)


class MetricTally:
    """Collects one metric's values, frame by frame."""

    def __init__(self, metric: Metric, *, every: int) -> None:
        self.metric = metric
        self._every = every
        self._memory: Any = None
        self._indices: list[int] = []
        self._values: list[float] = []
        self._abstention_reasons: list[str] = []
        self._error: str | None = None
        self._waiting: list[Pair | NoReferenceFrame] = []

    def add(self, moment: Pair | NoReferenceFrame) -> None:
        """Add one frame; a metric that is undefined for it has no value for the whole clip."""
        if self._error or not self._is_sampled(moment.index):
            return
        if self.metric.update_batch:
            self._waiting.append(moment)
            if len(self._waiting) >= self.metric.batch_size(moment):
                self._score_batch(self.metric.update_batch)
            return
        try:
            self._memory, value = self.metric.update(self._memory, moment)
        except ValueError as error:
            self._error = f"frame {moment.clip.index}: {error}"
            return
        if isinstance(value, Abstention):
            self._abstention_reasons.append(value.reason)
        elif value is not None:
            self._indices.append(moment.index - self.metric.delay)
            self._values.append(value)

    def _score_batch(self, together: Callable[[Sequence[Any]], list[float]]) -> None:
        """Compute the values of all frames that wait for a batch."""
        waiting, self._waiting = self._waiting, []
        try:
            self._values += together(waiting)
        except ValueError as error:
            self._error = f"frame {waiting[0].clip.index}: {error}"
            return
        self._indices += [moment.index for moment in waiting]

    def _is_sampled(self, index: int) -> bool:
        span = self.metric.sample_frames
        return not span or 0 <= index - sample_start(index, every=self._every, span=span) < span

    def score(self, reason: str | None) -> MetricScore:
        """The clip's score; ``reason`` is why the clip as a whole has none, or None."""
        if self._waiting and self.metric.update_batch:
            self._score_batch(self.metric.update_batch)
        why = self._error or reason or self._no_value_reason()
        looked = len(self._values) + len(self._abstention_reasons)
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
            sampled_every=self._every if self.metric.sample_frames else 1,
            indices=tuple(self._indices),
            values=tuple(self._values),
            reason=why,
        )

    def _no_value_reason(self) -> str | None:
        kept, looked = len(self._values), len(self._values) + len(self._abstention_reasons)
        if looked and kept < (1.0 - MAX_ABSTAINED_SHARE) * looked:
            most, _ = Counter(self._abstention_reasons).most_common(1)[0]
            return f"only {kept} of {looked} frames have a value; most frequent reason: {most}"
        return no_value_reason(self._values)


def sample_start(index: int, *, every: int, span: int) -> int:
    """The first frame of the sample of ``span`` frames, in the stretch that ``index`` lies in.

    Every stretch of ``every`` frames has one sample. Its place moves by the golden ratio from one
    stretch to the next: at a fixed place, a periodic fault would always or never be sampled.
    """
    stretch = index // every
    return stretch * every + int(max(0, every - span + 1) * (stretch * GOLDEN_RATIO % 1.0))


def quantiles(values: Sequence[float]) -> tuple[float, float]:
    low, high = np.quantile(values, (0.05, 0.95))
    return float(low), float(high)


def no_value_reason(values: Sequence[float]) -> str | None:
    if not values:
        return "the clip has too few frames for a value"
    return None if all(math.isfinite(value) for value in values) else "a value is not finite"
