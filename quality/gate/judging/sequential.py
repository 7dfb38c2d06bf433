"""Bounds that hold at all checks together, however many there are.

Asymptotic confidence sequences: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform
central limit theory and asymptotic confidence sequences", Annals of Statistics 52 (2024). An
interval for a single check is wrong far more often than stated when it is computed again and
again. Skewness is corrected as in a single check (see ``stats.bounds``).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from framegate.quality.gate.judging.stats import ALPHA, inverse_hall_transform

Values = NDArray[np.float64]
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
