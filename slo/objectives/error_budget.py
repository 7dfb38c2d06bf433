"""Error budgets and how fast they burn, by the three budgeting methods of OpenSLO.

Occurrences: the ratio of good jobs. Timeslices: the ratio of good time slices; a slice is good if
its own ratio reaches its target. RatioTimeslices: the mean of the ratios of the slices. The
specification does not say what a slice without judged jobs is; here it is neither good nor bad.
Comparisons use integers and fractions; floats are only for display.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np

from framegate.slo.counting.series import BoolArray, IntArray, MinuteSpan, Series
from framegate.slo.openslo.kinds import BudgetingMethod


@dataclass(frozen=True, slots=True)
class Share:
    """An exact amount of good out of a total, in jobs or in time slices."""

    good: Fraction
    total: Fraction
    whole: bool = True  # False: a component has no data, so the true amount of bad may be higher
    parts: "tuple[WeightedShare, ...]" = ()

    @property
    def bad(self) -> Fraction:
        return self.total - self.good


@dataclass(frozen=True, slots=True)
class WeightedShare:
    """A component's share with its allowed bad ratio and its weight in the composite."""

    name: str
    weight: Fraction
    allowed_ratio: Fraction
    share: Share

    @property
    def bad(self) -> Fraction:
        return self.weight * self.share.bad / self.share.total


@dataclass(frozen=True, slots=True)
class Budgeting:
    """A budgeting method and its time slices; only Timeslices uses ``slice_target``."""

    method: BudgetingMethod = BudgetingMethod.OCCURRENCES
    slice_minutes: int = 1
    slice_target: Decimal = Decimal(1)

    def share(self, series: Series, span: MinuteSpan) -> Share:
        """The share of a span by this method."""
        return SHARES[self.method](self, series, span)


def occurrences_share(_: Budgeting, series: Series, span: MinuteSpan) -> Share:
    counts = series.counts_over(span)
    return Share(Fraction(counts.good), Fraction(counts.total))


def timeslices_share(budgeting: Budgeting, series: Series, span: MinuteSpan) -> Share:
    counts = series.parts(span, budgeting.slice_minutes)
    some = slices_with_events(counts)
    good = some & slices_on_target(budgeting, counts)
    return Share(Fraction(int(good.sum())), Fraction(int(some.sum())))


def ratio_timeslices_share(budgeting: Budgeting, series: Series, span: MinuteSpan) -> Share:
    counts = series.parts(span, budgeting.slice_minutes)
    counts = counts[slices_with_events(counts)]
    # Slices with the same total are added first, so the exact sum has few terms.
    by_total: Counter[int] = Counter()
    for good, bad in counts[:, :2].tolist():
        by_total[good + bad] += good
    ratios = sum((Fraction(good, total) for total, good in by_total.items()), Fraction(0))
    return Share(ratios, Fraction(len(counts)))


def slices_with_events(counts: IntArray) -> BoolArray:
    """Mask of the slices, from counts (slices, 4), that have judged jobs."""
    return np.asarray(counts[:, 0] + counts[:, 1] > 0)


def slices_on_target(budgeting: Budgeting, counts: IntArray) -> BoolArray:
    """Mask of the slices, from counts (slices, 4), that reach their target."""
    target = Fraction(budgeting.slice_target)
    # good / total >= n / d, in whole numbers
    total = counts[:, 0] + counts[:, 1]
    return np.asarray(counts[:, 0] * target.denominator >= total * target.numerator)


SHARES: Mapping[BudgetingMethod, Callable[[Budgeting, Series, MinuteSpan], Share]] = {
    BudgetingMethod.OCCURRENCES: occurrences_share,
    BudgetingMethod.TIMESLICES: timeslices_share,
    BudgetingMethod.RATIO_TIMESLICES: ratio_timeslices_share,
}


def allowed_bad(share: Share, target: Decimal) -> Fraction:
    """The amount of a share that may be bad."""
    return (1 - Fraction(target)) * share.total


def burn_rate(share: Share, target: Decimal) -> float | None:
    """How many times faster than allowed the error budget is being spent; None without traffic.

    For a composite with a component without traffic, it is a lower bound.
    """
    if not share.total or is_met(share, target) is None:
        return None
    return float(share.bad / allowed_bad(share, target))


def burns_faster(share: Share, target: Decimal, factor: Fraction) -> bool | None:
    """Whether the burn rate is above ``factor``, exactly; None without traffic."""
    return known_answer(share, share.bad > factor * allowed_bad(share, target))


def burns_at_least(share: Share, target: Decimal, factor: Fraction) -> bool | None:
    """Whether the burn rate is ``factor`` or above, exactly; None without traffic."""
    return known_answer(share, share.bad >= factor * allowed_bad(share, target))


def known_answer(share: Share, found: bool) -> bool | None:
    """``found`` if it can be trusted: yes needs any component's data, no needs all of them."""
    if not share.total:
        return None
    return True if found else False if share.whole else None


def success_ratio(share: Share) -> float | None:
    """Good out of judged; None without traffic, which is neither 0 nor 100 %."""
    return float(share.good / share.total) if share.total and share.whole else None


def is_met(share: Share, target: Decimal) -> bool | None:
    """Whether the target is met, exactly; None without traffic."""
    missed = burns_faster(share, target, Fraction(1))
    return None if missed is None else not missed


def budget_units_left(share: Share, target: Decimal) -> float | None:
    """Bad jobs or slices that the budget still allows; below 0 if it is overspent."""
    return float(allowed_bad(share, target) - share.bad) if share.total and share.whole else None


def budget_left(share: Share, target: Decimal) -> float | None:
    """The share of the window's budget that is left: 1 unused, 0 exhausted, below 0 overspent."""
    burned = burn_rate(share, target)
    return None if burned is None else 1.0 - burned
