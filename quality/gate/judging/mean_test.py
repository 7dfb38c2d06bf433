"""The test of one mean over prompts: as if they were independent, or as their categories say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from framegate.quality.gate.judging import stats
from framegate.quality.gate.judging.clusters import CategoryClusters, find_clusters

LONG_TAIL = 1.5  # skewness of differences, from which the bounds hold less often than 95 %
MAX_NAMED = 3  # rules in a sentence
TAIL_NOTE = "long tail of bad prompts, with which about 10 of 100 such verdicts are wrong, not 5"

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MeanTest:
    """Bounds and p-values of a mean; the wider and larger ones where categories move together."""

    clusters: CategoryClusters | None

    def bounds(self, values: Values) -> tuple[float, float]:
        """Bounds of the mean, each wrong with 5 %."""
        lower, upper = stats.bounds(values)
        if self.clusters is None:
            return lower, upper
        other = self.clusters.bounds(values)
        return min(lower, other[0]), max(upper, other[1])

    def harm_p(self, values: Values, *, margin: float) -> float:
        """The p of "not worse than the margin allows" (negative is worse)."""
        p = stats.harm_p(values, margin=margin)
        if self.clusters is None:
            return p
        return max(p, self.clusters.harm_p(values, margin=margin))

    @property
    def note(self) -> str:
        """What a reason says of categories that move together."""
        if self.clusters is None:
            return ""
        return (
            f"; prompts of a category move together (correlation {self.clusters.correlation:.2f}), "
            f"so the {len(self.clusters.groups)} categories decide"
        )


def mean_test(values: Values, categories: Sequence[str]) -> MeanTest:
    return MeanTest(find_clusters(values, categories))


def tail_note(values: Values) -> str:
    """What a PASS says of differences (negative is worse) with a long tail on the bad side.

    Measured for lognormal differences at the margin: 9 of 100 with 29 prompts, 7 with 192.
    """
    return f"; there is a {TAIL_NOTE}" if stats.skewness(values) < -LONG_TAIL else ""


def tails_note(reasons: Mapping[str, str]) -> str:
    """What a PASS says of the rules, by label, whose reasons have a ``tail_note``."""
    names = [label for label, reason in reasons.items() if TAIL_NOTE in reason]
    return f"; {', '.join(names[:MAX_NAMED])}: {TAIL_NOTE}" if names else ""
