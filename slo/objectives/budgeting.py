"""OpenSLO's three budgeting methods: what a window's good share is a share of.

Occurrences: jobs. Timeslices: slices of time, each good when its own share of good jobs reaches
its target. RatioTimeslices: the mean of the slices' shares. A slice without a judged job is
neither good nor bad; the specification does not say.
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
    """So much good of a total, exactly: in jobs, or in slices of time."""

    good: Fraction
    total: Fraction
    whole: bool = True  # False: of some part nothing is known, so more may be bad, but not less
    parts: "tuple[WeightedShare, ...]" = ()

    @property
    def bad(self) -> Fraction:
        return self.total - self.good


@dataclass(frozen=True, slots=True)
class WeightedShare:
    """A part of a share, what of it may be bad, and how much of the whole is when all of it is."""

    name: str
    weight: Fraction
    allowed_ratio: Fraction
    share: Share

    @property
    def bad(self) -> Fraction:
        return self.weight * self.share.bad / self.share.total


@dataclass(frozen=True, slots=True)
class Budgeting:
    """A method with its slices; ``slice_target`` is Timeslices' alone."""

    method: BudgetingMethod = BudgetingMethod.OCCURRENCES
    slice_minutes: int = 1
    slice_target: Decimal = Decimal(1)

    def share(self, series: Series, span: MinuteSpan) -> Share:
        """What a span's minutes come to, by this method."""
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
    # Few totals differ, so the exact sum has few terms.
    by_total: Counter[int] = Counter()
    for good, bad in counts[:, :2].tolist():
        by_total[good + bad] += good
    ratios = sum((Fraction(good, total) for total, good in by_total.items()), Fraction(0))
    return Share(ratios, Fraction(len(counts)))


def slices_with_events(counts: IntArray) -> BoolArray:
    """Which slices, of counts (slices, 4), have any job judged."""
    return np.asarray(counts[:, 0] + counts[:, 1] > 0)


def slices_on_target(budgeting: Budgeting, counts: IntArray) -> BoolArray:
    """Which slices, of counts (slices, 4), reach their target."""
    target = Fraction(budgeting.slice_target)
    # good / total >= n / d, in whole numbers
    total = counts[:, 0] + counts[:, 1]
    return np.asarray(counts[:, 0] * target.denominator >= total * target.numerator)


SHARES: Mapping[BudgetingMethod, Callable[[Budgeting, Series, MinuteSpan], Share]] = {
    BudgetingMethod.OCCURRENCES: occurrences_share,
    BudgetingMethod.TIMESLICES: timeslices_share,
    BudgetingMethod.RATIO_TIMESLICES: ratio_timeslices_share,
}
