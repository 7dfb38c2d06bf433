"""Bounds that hold at all checks together, however many there are.

Asymptotic confidence sequences: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform
central limit theory and asymptotic confidence sequences", Annals of Statistics 52 (2024). An
interval for a single check is wrong far more often than stated when it is computed again and
again. Skewness is corrected as in a single check (see ``stats.bounds``).

Means of values in 0..1 have bounds that are exact for any number of values: the mixture of Robbins
("Statistical methods related to the law of the iterated logarithm", 1970) over a beta
distribution. It is a supermartingale for values between 0 and 1, too, since
(q/p)^x ((1-q)/(1-p))^(1-x) is convex in x.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from framegate.quality.gate.judging.stats import ALPHA, inverse_hall_transform

Values = NDArray[np.float64]
# The beta distribution of the mixture; its mean is a rate at which few of the values are ones.
PRIOR_ONES, PRIOR_ZEROS = 1.0, 20.0
STEPS = 60  # of a bisection: each halves the error, from 1
TARGET = 100  # values at which the sequence is tightest


@dataclass(frozen=True, slots=True)
class ConfidenceSequence:
    """A mean difference so far, as values with that mean; negative is worse."""

    values: Values

    @property
    def mean(self) -> float:
        return float(self.values.mean())

    def lower(self, alpha: float = ALPHA) -> float:
        return self.mean - self._standard_error * max(
            self._quantile(alpha), self._skewed_quantile(alpha, 1.0)
        )

    def upper(self, alpha: float = ALPHA) -> float:
        return self.mean - self._standard_error * min(
            -self._quantile(alpha), self._skewed_quantile(alpha, -1.0)
        )

    @property
    def _standard_error(self) -> float:
        return float(self.values.std(ddof=1)) / math.sqrt(self.values.size)

    def _quantile(self, alpha: float) -> float:
        return boundary(self.values.size, alpha=alpha) * math.sqrt(self.values.size)

    def _skewed_quantile(self, alpha: float, sign: float) -> float:
        return inverse_hall_transform(sign * self._quantile(alpha), self.values)


def boundary(n: int, *, alpha: float, target: int = TARGET) -> float:
    """How far a one-sided bound lies from the mean after n values, in deviations of one value."""
    if n < 2:
        return math.inf
    spread = mixture_scale(alpha, target)
    scaled = n * spread**2 + 1
    return math.sqrt(2 * scaled / (n * spread) ** 2 * math.log(1 + math.sqrt(scaled) / (2 * alpha)))


def mixture_scale(alpha: float, target: int) -> float:
    """The scale of the mixture that makes the bound tightest at ``target`` values."""
    level = -2 * math.log(min(2 * alpha, 0.5))
    return math.sqrt((level + math.log(level) + 1) / target)


def sequence_from_pairs(differences: Values) -> ConfidenceSequence:
    """Prompts that both versions made."""
    return ConfidenceSequence(differences)


def sequence_from_groups(baseline: Values, candidate: Values) -> ConfidenceSequence:
    """Prompts that either version made, drawn by chance; values are signed, higher is better.

    Each value's part in the difference of the means, over all prompts of both groups (the
    augmented inverse-probability form, with each group's mean for its regression).
    """
    n = baseline.size + candidate.size
    change = float(candidate.mean() - baseline.mean())
    parts = [
        n / candidate.size * (candidate - candidate.mean()),
        -n / baseline.size * (baseline - baseline.mean()),
    ]
    return ConfidenceSequence(np.concatenate(parts) + change)


def mean_bounds(total: float, n: int, *, alpha: float) -> tuple[float, float]:
    """Bounds of the mean of ``n`` values in 0..1 with this sum; both hold with 1 - ``alpha``."""
    if n == 0:
        return 0.0, 1.0
    mean, limit = total / n, math.log(1 / alpha)
    return (
        edge_of_bound(0.0, mean, total, n, limit=limit),
        edge_of_bound(1.0, mean, total, n, limit=limit),
    )


def edge_of_bound(outside: float, inside: float, total: float, n: int, *, limit: float) -> float:
    """The mean between ``outside`` and ``inside`` at which the mixture reaches its limit."""
    if log_mixture(outside, total, n) < limit:
        return outside
    for _ in range(STEPS):
        middle = (outside + inside) / 2
        if log_mixture(middle, total, n) < limit:
            inside = middle
        else:
            outside = middle
    return outside


def log_mixture(mean: float, total: float, n: int) -> float:
    """The logarithm of the mixture of likelihood ratios against this mean."""
    ratio = special.betaln(PRIOR_ONES + total, PRIOR_ZEROS + n - total)
    ratio -= special.betaln(PRIOR_ONES, PRIOR_ZEROS)
    return float(ratio - special.xlogy(total, mean) - special.xlogy(n - total, 1 - mean))


def difference_bounds(
    baseline: tuple[float, int], candidate: tuple[float, int], *, alpha: float
) -> tuple[float, float]:
    """Bounds of the candidate's mean minus the baseline's, each given by its sum and number."""
    before = mean_bounds(*baseline, alpha=alpha / 2)
    after = mean_bounds(*candidate, alpha=alpha / 2)
    return after[0] - before[1], after[1] - before[0]
