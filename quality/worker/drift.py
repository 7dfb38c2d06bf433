"""Score drift: whether the scores of a model version get worse over time.

A conformal test martingale (Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World",
2nd edition 2022, chapter 8) as a Shiryaev-Roberts procedure. The rank of each score among all
scores so far is a number between 0 and 1. While nothing changes, ranks are uniformly distributed,
whatever the distribution of the scores; a bet on low ranks then gains nothing on average. After a
change for the worse ranks are low, and the capital of the bets grows. One bad clip is no drift.
"""

import bisect
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from framegate.quality.metrics.definitions import DEFINITIONS
from framegate.telemetry.client.records import Score

# The mean number of clips until a false alarm, for every series, is at least this:
# R(n) - n is a martingale, so E[n] = E[R(n)] when R reaches this number.
CLIPS_PER_FALSE_ALARM = 100_000
# A bet with exponent e pays e p^(e - 1) for a rank p; small e suits large changes. The mean of
# several bets is a bet too.
BET_EXPONENTS = np.array([0.2, 0.4, 0.6, 0.8])


@dataclass(frozen=True, slots=True, order=True)
class ScoreSeries:
    """Scores that can be compared over time."""

    workload: str
    model: str
    metric: str


@dataclass(frozen=True, slots=True)
class ScoreDrift:
    """A series got worse at about ``since_ns``; ``found_ns`` is when the scores showed it.

    ``before`` and ``after`` are the medians of ``clips_before`` and ``clips_after`` clips;
    ``job_id`` is the first clip after the change.
    """

    series: ScoreSeries
    since_ns: int
    found_ns: int
    before: float
    after: float
    clips_before: int
    clips_after: int
    job_id: str


@dataclass(slots=True)
class DriftDetector:
    """One series: the scores since its last change, and the capital of the bets."""

    series: ScoreSeries
    limit: float = CLIPS_PER_FALSE_ALARM
    scores: list[Score] = field(default_factory=list)
    changes: list[ScoreDrift] = field(default_factory=list)
    _sorted_values: list[float] = field(default_factory=list)
    _capital: "np.ndarray[tuple[int], np.dtype[np.float64]]" = field(
        default_factory=lambda: np.zeros(BET_EXPONENTS.size)
    )

    @property
    def evidence(self) -> float:
        """The mean capital of the bets; a drift is reported when it reaches ``limit``."""
        return float(self._capital.mean())

    @property
    def median(self) -> float:
        """The median of the scores since the last change."""
        return float(np.median([score.value for score in self.scores if score.value is not None]))

    def add(self, score: Score) -> ScoreDrift | None:
        """Add the next score; returns a drift once the evidence for one reaches ``limit``."""
        assert score.value is not None
        self.scores.append(score)
        rank = self._rank(score, score.value)
        self._capital = (1.0 + self._capital) * BET_EXPONENTS * rank ** (BET_EXPONENTS - 1.0)
        if self.evidence < self.limit:
            return None
        found = locate_drift(self.series, self.scores)
        self.changes.append(found)
        self._restart(self.scores[-found.clips_after :])
        return found

    def _rank(self, score: Score, value: float) -> float:
        """The share of scores so far that are worse, in (0, 1]; the clip's id breaks ties."""
        better = DEFINITIONS[self.series.metric].higher_is_better
        signed = value if better else -value
        bisect.insort(self._sorted_values, signed)
        worse = bisect.bisect_left(self._sorted_values, signed)
        tied = bisect.bisect_right(self._sorted_values, signed) - worse
        return (worse + tie_break(score) * tied) / len(self._sorted_values)

    def _restart(self, scores: list[Score]) -> None:
        """Start again with the scores after the change: they are the new normal."""
        self.scores, self._sorted_values = [], []
        self._capital = np.zeros(BET_EXPONENTS.size)
        for score in scores:
            assert score.value is not None
            self.scores.append(score)
            self._rank(score, score.value)


def tie_break(score: Score) -> float:
    """A number in (0, 1] that is the same for the same clip and metric in every run."""
    digest = hashlib.sha256(f"{score.job_id}\0{score.metric}".encode()).digest()
    return (int.from_bytes(digest[:6]) + 1) / 2**48


def locate_drift(series: ScoreSeries, scores: list[Score]) -> ScoreDrift:
    """The drift, at the split of the scores with the largest z value of the rank sum."""
    values = np.array([score.value for score in scores], float)
    signed = values if DEFINITIONS[series.metric].higher_is_better else -values
    centred = average_ranks(signed) - (values.size + 1) / 2.0
    firsts = np.arange(1, values.size)
    better_before = np.cumsum(centred[:-1]) / np.sqrt(firsts * (values.size - firsts))
    split = int(np.argmax(better_before)) + 1
    return ScoreDrift(
        series=series,
        since_ns=scores[split].scored_ns,
        found_ns=scores[-1].scored_ns,
        before=float(np.median(values[:split])),
        after=float(np.median(values[split:])),
        clips_before=split,
        clips_after=values.size - split,
        job_id=scores[split].job_id,
    )


class DriftMonitor:
    """Detects drift in every series of scores, in order of time; skips scores without a value."""

    def __init__(self, *, limit: float = CLIPS_PER_FALSE_ALARM) -> None:
        self.detectors: dict[ScoreSeries, DriftDetector] = {}
        self._limit = limit

    def add(self, scores: Iterable[Score]) -> list[ScoreDrift]:
        """Add scores; returns the drifts that they reveal."""
        return [change for score in scores if (change := self._add(score))]

    def _add(self, score: Score) -> ScoreDrift | None:
        if score.value is None or score.metric not in DEFINITIONS:
            return None
        series = ScoreSeries(score.workload, score.model, score.metric)
        if series not in self.detectors:
            self.detectors[series] = DriftDetector(series, self._limit)
        return self.detectors[series].add(score)


def average_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1; equal values share the mean of theirs.

    The same as scipy.stats.rankdata, whose import takes a second of every worker's start.
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2.0)[place]
