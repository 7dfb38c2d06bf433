"""Paired non-inferiority: is the candidate worse than the baseline by more than a margin?

Differences are per prompt and signed so that negative is worse; the prompt is the unit, never
the frame, whose neighbours all but repeat it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

ALPHA = 0.05  # one-sided
POWER = 0.8
# Below this many prompts Student's t covers better than any bootstrap.
BOOTSTRAP_FROM = 20
RESAMPLES = 10_000
SEED = 20040413


@dataclass(frozen=True, slots=True)
class Comparison:
    """Mean difference with its one-sided bounds; ``harm_p`` is the p of being worse by more."""

    n: int
    mean: float
    deviation: float
    lower: float
    upper: float
    harm_p: float
    n_needed: int | None


def compare(differences: Sequence[float], *, margin: float) -> Comparison:
    """Judge differences (negative is worse) against a margin; needs two and finite ones.

    ``lower`` and ``upper`` each hold with 95 % on their own side.
    ``n_needed`` is the number of prompts at which a difference like this would be decided with
    80 % power; None where the mean lies on the margin itself.
    """
    values = np.asarray(differences, float)
    if values.size < 2 or not np.isfinite(values).all():
        raise ValueError("a comparison needs at least two differences, all of them finite")
    if margin <= 0:
        raise ValueError(f"margin {margin} is not above zero")
    mean, deviation = float(values.mean()), float(values.std(ddof=1))
    lower, upper = bounds(values)
    return Comparison(
        n=values.size,
        mean=mean,
        deviation=deviation,
        lower=lower,
        upper=upper,
        harm_p=harm_p(values, margin=margin),
        n_needed=n_needed(mean, deviation, margin=margin),
    )


def bounds(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, float]:
    """One-sided 95 % bounds of the mean: Student's t for few values, BCa bootstrap for many."""
    mean, deviation = float(values.mean()), float(values.std(ddof=1))
    if is_constant(mean, deviation):
        return mean, mean
    if values.size >= BOOTSTRAP_FROM:
        interval = stats.bootstrap(
            (values,),
            np.mean,
            confidence_level=1 - 2 * ALPHA,
            n_resamples=RESAMPLES,
            method="BCa",
            rng=np.random.default_rng(SEED),
        ).confidence_interval
        if math.isfinite(interval.low) and math.isfinite(interval.high):
            return float(interval.low), float(interval.high)
    reach = float(stats.t.ppf(1 - ALPHA, values.size - 1)) * deviation / math.sqrt(values.size)
    return mean - reach, mean + reach


def harm_p(values: np.ndarray[tuple[int], np.dtype[np.float64]], *, margin: float) -> float:
    """The p of a t test against "not worse than the margin allows"."""
    mean, deviation = float(values.mean()), float(values.std(ddof=1))
    if is_constant(mean, deviation):
        return 0.0 if mean < -margin else 1.0
    return float(stats.ttest_1samp(values, -margin, alternative="less").pvalue)


def is_constant(mean: float, deviation: float) -> bool:
    """Whether the spread is no more than rounding."""
    return deviation <= 1e-12 * max(1.0, abs(mean))


def n_needed(mean: float, deviation: float, *, margin: float) -> int | None:
    """Prompts at which a t test would tell this mean from the margin."""
    distance = abs(mean + margin)
    if distance <= 1e-12:
        return None
    reach = float(stats.norm.ppf(1 - ALPHA) + stats.norm.ppf(POWER))
    return max(2, math.ceil((reach * deviation / distance) ** 2))


def holm(p_values: Sequence[float]) -> list[bool]:
    """Which of several claims hold together (Holm 1979), in the order given."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    held = [False] * len(p_values)
    for rank, index in enumerate(order):
        if p_values[index] > ALPHA / (len(p_values) - rank):
            break
        held[index] = True
    return held
