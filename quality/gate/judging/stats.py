"""Paired non-inferiority: is the candidate worse than the baseline by more than a margin?

Differences are per prompt and signed so that negative is worse; the prompt is the unit, never
the frame, whose neighbours all but repeat it.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

ALPHA = 0.05  # one-sided
POWER = 0.8
SMALLEST_BASE = 1e-30  # a mean below this is zero: what is divided by it would overflow
MOST_PROMPTS = 10**9  # more are as good as none
MIN_SKEWNESS = 1e-9  # a skewness below this is none
MIN_SLOPE = 0.25  # slope of the skew's correction beyond the 5 % point
FLIPS = 10_000  # of signs, where not all can be tried
ALL_FLIPS_UP_TO = 13  # differences
SEED = 20040413

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Mean difference with its one-sided bounds; ``harm_p`` is the p of being worse by more.

    ``shift`` (Hodges and Lehmann) and ``flips_p`` (a sign-flip permutation test) need fewer
    assumptions than the mean. They corroborate; only the bounds decide.
    """

    n: int
    mean: float
    deviation: float
    lower: float
    upper: float
    harm_p: float
    shift: float
    flips_p: float
    n_needed: int | None


def compare(differences: Sequence[float], *, margin: float) -> Comparison:
    """Judge differences (negative is worse) against a margin; needs two and finite ones.

    ``lower`` and ``upper`` each hold with 95 % on their own side.
    ``n_needed`` is the number of prompts at which a difference like this would be decided with
    80 % power, and more than there are where they do not decide; None where the mean lies on the
    margin itself.
    """
    values = np.asarray(differences, float)
    if values.size < 2 or not np.isfinite(values).all():
        raise ValueError("a comparison needs at least two differences, all of them finite")
    if margin < 0:
        raise ValueError(f"margin {margin} is below zero")
    mean, deviation = float(values.mean()), float(values.std(ddof=1))
    lower, upper = bounds(values)
    return Comparison(
        n=values.size,
        mean=mean,
        deviation=deviation,
        lower=lower,
        upper=upper,
        harm_p=harm_p(values, margin=margin),
        shift=hodges_lehmann_shift(values),
        flips_p=sign_flip_p(values, margin=margin),
        n_needed=n_needed_with_skew(values, margin=margin)
        if lower <= -margin <= upper
        else n_needed(mean, deviation, margin=margin),
    )


def n_needed_with_skew(values: Values, *, margin: float) -> int | None:
    """Prompts needed for a decision, if more prompts have the skewness of these."""
    mean, deviation = float(values.mean()), float(values.std(ddof=1))
    plain = n_needed(mean, deviation, margin=margin)
    worse = mean < -margin
    p = harm_p(values, margin=margin) if worse else harm_p(-values, margin=-margin)
    skewed = n_needed_from_p(p, values.size, alpha=ALPHA)
    return None if plain is None or skewed is None else max(plain, skewed)


def bounds(values: Values, *, alpha: float = ALPHA) -> tuple[float, float]:
    """Bounds of the mean, each wrong with probability ``alpha``.

    The wider of Student's t and Hall's transformation of it ("On the removal of skewness by
    transformation", JRSS B 54, 1992): a cubic of t takes the skewness of few values out, so that
    a long tail of bad prompts is covered too.
    """
    mean, deviation = float(values.mean()), float(values.std(ddof=1))
    if is_constant(mean, deviation):
        return mean, mean
    error = deviation / math.sqrt(values.size)
    quantile = float(special.stdtrit(values.size - 1, 1 - alpha))
    low, high = (inverse_hall_transform(one, values) for one in (-quantile, quantile))
    return mean - max(high, quantile) * error, mean - min(low, -quantile) * error


def harm_p(values: Values, *, margin: float) -> float:
    """The p of "not worse than the margin allows"; below 5 % where ``upper`` is below it."""
    mean, deviation = float(values.mean()), float(values.std(ddof=1))
    if is_constant(mean, deviation):
        return 0.0 if mean < -margin else 1.0
    t = (mean + margin) / (deviation / math.sqrt(values.size))
    return float(special.stdtr(values.size - 1, max(t, correct_skew(t, values))))


def correct_skew(t: float, values: Values) -> float:
    """``hall_transform``, bounded by a line beyond the 5 % point.

    Its cubic is flat around -3 sqrt(n) / skewness: there ten standard errors would count no more
    than three, and harm could not be shown among several claims.
    """
    cubic = hall_transform(t, values)
    quantile = float(special.stdtrit(values.size - 1, ALPHA))
    edge = min(inverse_hall_transform(quantile, values), quantile)
    return min(cubic, quantile + MIN_SLOPE * (t - edge)) if t < edge else cubic


def hall_transform(t: float, values: Values) -> float:
    """Hall's transformation: a t of skewed values as a t of symmetric ones."""
    root = math.sqrt(values.size)
    skew = skewness(values)
    if abs(skew) < MIN_SKEWNESS:
        return t
    return (root / skew) * ((1 + skew * t / (3 * root)) ** 3 - 1) + skew / (6 * root)


def inverse_hall_transform(t: float, values: Values) -> float:
    """The inverse of ``hall_transform``."""
    root = math.sqrt(values.size)
    skew = skewness(values)
    if abs(skew) < MIN_SKEWNESS:
        return t
    return 3 * (root / skew) * (float(np.cbrt(1 + (skew / root) * (t - skew / (6 * root)))) - 1)


def skewness(values: Values) -> float:
    """Unbiased (Fisher and Pearson's G1); 0 for fewer than three or constant values."""
    n = values.size
    rest = values - values.mean()
    spread = float((rest**2).mean())
    if n < 3 or is_constant(float(values.mean()), math.sqrt(spread)):
        return 0.0
    biased = float((rest**3).mean()) / math.pow(spread, 1.5)
    return biased * math.sqrt(n * (n - 1)) / (n - 2)


def hodges_lehmann_shift(values: Values) -> float:
    """The median of the means of all pairs (Hodges and Lehmann, 1963)."""
    first, second = np.triu_indices(values.size)
    return float(np.median((values[first] + values[second]) / 2))


def sign_flip_p(values: Values, *, margin: float) -> float:
    """The p of a mean so low, were every difference as likely above the margin as below."""
    above = values + margin
    sums = flipped_signs(values.size) @ above
    return float((sums <= sums[0] + 1e-12 * np.abs(above).sum()).mean())


@lru_cache(maxsize=4)
def flipped_signs(size: int) -> Values:
    """Signs (flips, size), the unflipped ones first: all of them for few values, else a sample."""
    if size <= ALL_FLIPS_UP_TO:
        return np.array(list(itertools.product((1.0, -1.0), repeat=size)))
    drawn = np.random.default_rng(SEED).integers(0, 2, (FLIPS, size))
    return np.vstack([np.ones(size), drawn * 2.0 - 1.0])


def linearize_weighted_mean(values: Values, weights: Values) -> Values:
    """Values whose plain mean and deviation are those of the weighted mean.

    The linearised ratio estimator of survey statistics (Särndal et al. 1992, section 5.7); with
    equal weights it gives the values back.
    """
    mean = float(np.average(values, weights=weights))
    return np.asarray(mean + weights / weights.mean() * (values - mean), float)


def ratio_bounds(
    values: Values, base: Values, *, bounds: Callable[[Values], tuple[float, float]] = bounds
) -> tuple[float, float]:
    """Bounds of mean(values) / mean(base), each wrong with 5 %: Fieller's, over ``bounds``.

    A ratio belongs to the interval while the mean of ``values - ratio * base`` may be zero.
    Raises ValueError where the base's own mean may be zero or less: then no ratio is excluded.
    """
    if bounds(base)[0] <= SMALLEST_BASE:
        raise ValueError("the baseline's mean may be zero")
    ratio = float(values.mean() / base.mean())
    lower = find_root(lambda other: bounds(values - other * base)[0], ratio, step=-1)
    upper = find_root(lambda other: bounds(values - other * base)[1], ratio, step=1)
    return lower, upper


def find_root(function: Callable[[float], float], start: float, *, step: int) -> float:
    """The zero of a falling function, at ``start`` or in the direction of ``step``."""
    # Here, because it takes a third of a second and only ratios need it.
    from scipy.optimize import brentq

    reach = max(abs(start), 1.0) * 1e-3
    if abs(function(start)) <= 1e-15:
        return start
    for _ in range(60):
        end = start + step * reach
        if function(end) * step <= 0:
            return float(brentq(function, *sorted((start, end)), xtol=1e-12))
        reach *= 2
    raise ValueError("the ratio has no bound on one side")


def is_constant(mean: float, deviation: float) -> bool:
    """Whether the values differ only by rounding."""
    return deviation <= 1e-12 * max(1.0, abs(mean))


def n_needed(mean: float, deviation: float, *, margin: float) -> int | None:
    """Prompts needed for a t test to tell this mean from the margin with 80 % power."""
    distance = abs(mean + margin)
    if distance <= 1e-12:
        return None
    reach = float(special.ndtri(1 - ALPHA) + special.ndtri(POWER))
    return count_prompts(reach * deviation / distance, least=2)


def n_needed_from_p(p: float, n: int, *, alpha: float) -> int | None:
    """Prompts needed to reach ``alpha`` with 80 % power, given p-value ``p`` with ``n``."""
    seen = -float(special.ndtri(p))
    if seen <= 0:
        return None
    reach = float(special.ndtri(1 - alpha) + special.ndtri(POWER))
    return count_prompts(math.sqrt(n) * reach / seen, least=n + 1)


def count_prompts(root: float, *, least: int) -> int | None:
    """The number of prompts with this root; None for more than anybody makes."""
    return max(least, math.ceil(root**2)) if root < math.sqrt(MOST_PROMPTS) else None


def holm(p_values: Sequence[float]) -> list[bool]:
    """Which of several claims are significant together (Holm 1979), in the order given."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    held = [False] * len(p_values)
    for rank, index in enumerate(order):
        if p_values[index] > ALPHA / (len(p_values) - rank):
            break
        held[index] = True
    return held
