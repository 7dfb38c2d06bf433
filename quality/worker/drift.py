"""Whether the scores of a model version get worse over time: a change, not a bad clip.

A conformal test martingale (Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World",
2nd edition 2022, chapter 8) as a Shiryaev-Roberts procedure. Each score's rank among all so far
is a number between 0 and 1 that is evenly distributed for as long as nothing changes, whatever
the scores' distribution; bets that ranks are low pay nothing on average then, and much after a
change for the worse.
"""

import bisect
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import rankdata

from framegate.quality.metrics.definitions import DEFINITIONS
from framegate.telemetry.client.records import Score

# Of any series, on average, at least so many clips pass before an alarm without a change:
# R(n) - n is a martingale, so E[n] = E[R(n)] when R reaches this number.
CLIPS_PER_FALSE_ALARM = 100_000
# Bets pay e p^(e - 1) for a rank p; small e suits large changes. Their mean is a bet as well.
BET_EXPONENTS = np.array([0.2, 0.4, 0.6, 0.8])


@dataclass(frozen=True, slots=True, order=True)
class ScoreSeries:
    """Scores that may be compared over time."""

    workload: str
    model: str
    metric: str


@dataclass(frozen=True, slots=True)
class ScoreDrift:
    """A series got worse at about ``since_ns``; ``found_ns`` is when the scores showed it.

    ``before`` and ``after`` are medians of so many clips; ``job_id`` is the first clip after.
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
    """One series on its way: the scores since its last change, and the bets' capital."""

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
        """The mean capital; a change is found at ``limit``."""
        return float(self._capital.mean())

    @property
    def median(self) -> float:
        """Of the scores since the last change."""
        return float(np.median([score.value for score in self.scores if score.value is not None]))

    def add(self, score: Score) -> ScoreDrift | None:
        """The next score in time; a change if it is now certain enough that there was one."""
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
        """The share of scores so far that are worse, in (0, 1]; ties are drawn by the clip's id."""
        better = DEFINITIONS[self.series.metric].higher_is_better
        signed = value if better else -value
        bisect.insort(self._sorted_values, signed)
        worse = bisect.bisect_left(self._sorted_values, signed)
        tied = bisect.bisect_right(self._sorted_values, signed) - worse
        return (worse + tie_break(score) * tied) / len(self._sorted_values)

    def _restart(self, scores: list[Score]) -> None:
        """From here on, what came after the change is what is usual."""
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
    """Where the ranks before and after differ most for their numbers (the rank sum's z value)."""
    values = np.array([score.value for score in scores], float)
    signed = values if DEFINITIONS[series.metric].higher_is_better else -values
    centred = rankdata(signed) - (values.size + 1) / 2.0
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
    """Every series of a stream of scores, in order of time; scores without a value are no news."""

    def __init__(self, *, limit: float = CLIPS_PER_FALSE_ALARM) -> None:
        self.detectors: dict[ScoreSeries, DriftDetector] = {}
        self._limit = limit

    def add(self, scores: Iterable[Score]) -> list[ScoreDrift]:
        """The changes that these scores bring to light."""
        return [change for score in scores if (change := self._add(score))]

    def _add(self, score: Score) -> ScoreDrift | None:
        if score.value is None or score.metric not in DEFINITIONS:
            return None
        series = ScoreSeries(score.workload, score.model, score.metric)
        if series not in self.detectors:
            self.detectors[series] = DriftDetector(series, self._limit)
        return self.detectors[series].add(score)
