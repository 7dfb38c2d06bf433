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

from slo.openslo import BudgetingMethod
from slo.series import Numbers, Series, Span


@dataclass(frozen=True, slots=True)
class Share:
    """So much good of a total, exactly: in jobs, or in slices of time."""

    good: Fraction
    total: Fraction

    @property
    def bad(self) -> Fraction:
        return self.total - self.good


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
    good, total = judged_slices(budgeting, series, span)
    target = Fraction(budgeting.slice_target)
    # good / total >= n / d, in whole numbers
    reached = good * target.denominator >= total * target.numerator
    return Share(Fraction(int(reached.sum())), Fraction(len(total)))


def of_ratios(budgeting: Budgeting, series: Series, span: Span) -> Share:
    good, total = judged_slices(budgeting, series, span)
    # Few totals differ, so the exact sum has few terms.
    by_total: Counter[int] = Counter()
    for part, whole in zip(good.tolist(), total.tolist(), strict=True):
        by_total[whole] += part
    ratios = sum((Fraction(part, whole) for whole, part in by_total.items()), Fraction(0))
    return Share(ratios, Fraction(len(total)))


def judged_slices(budgeting: Budgeting, series: Series, span: Span) -> tuple[Numbers, Numbers]:
    """Good and judged jobs of every slice that has any judged."""
    parts = series.parts(span, budgeting.slice_minutes)
    total = parts[:, 0] + parts[:, 1]
    return np.asarray(parts[total > 0, 0]), np.asarray(total[total > 0])


SHARES: Mapping[BudgetingMethod, Callable[[Budgeting, Series, Span], Share]] = {
    BudgetingMethod.OCCURRENCES: of_jobs,
    BudgetingMethod.TIMESLICES: of_slices,
    BudgetingMethod.RATIO_TIMESLICES: of_ratios,
}
