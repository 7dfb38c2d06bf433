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

from framegate.slo.counting.series import Numbers, Series, Span, Truths
from framegate.slo.openslo.kinds import BudgetingMethod


@dataclass(frozen=True, slots=True)
class Share:
    """So much good of a total, exactly: in jobs, or in slices of time."""

    good: Fraction
    total: Fraction
    whole: bool = True  # False: of some part nothing is known, so more may be bad, but not less
    parts: "tuple[Weighed, ...]" = ()

    @property
    def bad(self) -> Fraction:
        return self.total - self.good


@dataclass(frozen=True, slots=True)
class Weighed:
    """A part of a share, what of it may be bad, and how much of the whole is when all of it is."""

    name: str
    weight: Fraction
    allowed: Fraction
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

    def share(self, series: Series, span: Span) -> Share:
        """What a span's minutes come to, by this method."""
        return SHARES[self.method](self, series, span)


def of_jobs(_: Budgeting, series: Series, span: Span) -> Share:
    counts = series.over(span)
    return Share(Fraction(counts.good), Fraction(counts.total))


def of_slices(budgeting: Budgeting, series: Series, span: Span) -> Share:
    counts = series.parts(span, budgeting.slice_minutes)
    some = judged(counts)
    good = some & reached(budgeting, counts)
    return Share(Fraction(int(good.sum())), Fraction(int(some.sum())))


def of_ratios(budgeting: Budgeting, series: Series, span: Span) -> Share:
    counts = series.parts(span, budgeting.slice_minutes)
    counts = counts[judged(counts)]
    # Few totals differ, so the exact sum has few terms.
    by_total: Counter[int] = Counter()
    for good, bad in counts[:, :2].tolist():
        by_total[good + bad] += good
    ratios = sum((Fraction(good, total) for total, good in by_total.items()), Fraction(0))
    return Share(ratios, Fraction(len(counts)))


def judged(counts: Numbers) -> Truths:
    """Which slices, of counts (slices, 4), have any job judged."""
    return np.asarray(counts[:, 0] + counts[:, 1] > 0)


def reached(budgeting: Budgeting, counts: Numbers) -> Truths:
    """Which slices, of counts (slices, 4), reach their target."""
    target = Fraction(budgeting.slice_target)
    # good / total >= n / d, in whole numbers
    total = counts[:, 0] + counts[:, 1]
    return np.asarray(counts[:, 0] * target.denominator >= total * target.numerator)


SHARES: Mapping[BudgetingMethod, Callable[[Budgeting, Series, Span], Share]] = {
    BudgetingMethod.OCCURRENCES: of_jobs,
    BudgetingMethod.TIMESLICES: of_slices,
    BudgetingMethod.RATIO_TIMESLICES: of_ratios,
}
