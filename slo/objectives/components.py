"""The components of an objective: one indicator, or several that share an error budget.

In OpenSLO each component of a composite keeps its own target. The burn rate of the composite is the
weighted mean of its components' (Occurrences); or a time slice is bad if it is bad for any
component (Timeslices); or the losses of the components in a slice are added (RatioTimeslices). The
targets of composites are chosen so that one rule holds for all three: if every component meets its
target, so does the composite.

Example: two components with targets 99 % and 90 % and equal weights. Their steepest burn rate, with
everything bad, is (1 / 0.01 + 1 / 0.1) / 2 = 55, so the composite allows 1 / 55 = 1.82 % bad.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

import numpy as np

from framegate.slo.counting.prometheus_indicator import Indicator
from framegate.slo.counting.series import Counts, FloatArray, IntArray, MinuteSpan, Series
from framegate.slo.objectives.error_budget import (
    Budgeting,
    Share,
    WeightedShare,
    slices_on_target,
    slices_with_events,
)
from framegate.slo.objectives.summary import combined_target
from framegate.slo.openslo.kinds import BudgetingMethod


@dataclass(frozen=True, slots=True)
class Component:
    """One indicator with its own target.

    ``weight`` is relative to the other components, ``threshold`` is what a thresholdMetric is
    compared with. ``sources`` are the services that must send data for the minutes to be covered;
    none means that data of any service are enough.
    """

    name: str
    sli: Indicator
    target: Decimal
    budgeting: Budgeting = Budgeting()  # noqa: RUF009 - frozen
    threshold: Decimal | None = None
    weight: Decimal = Decimal(1)
    sources: tuple[str, ...] = ()
    good_when: str = ""  # the condition, as it is written in the file

    @property
    def allowed_ratio(self) -> Fraction:
        """The bad ratio that its target allows."""
        return 1 - Fraction(self.target)


@dataclass(frozen=True, slots=True)
class ObjectiveSeries:
    """The components of an objective, each with its counts."""

    parts: tuple[Component, ...]
    series: tuple[Series, ...]
    target: Decimal

    @property
    def budgeting(self) -> Budgeting:
        """The method and slice length, which all components share; slice targets may differ."""
        return self.parts[0].budgeting

    def share(self, span: MinuteSpan) -> Share:
        """The share of a span."""
        shares = [
            own_share(part, series, span)
            for part, series in zip(self.parts, self.series, strict=True)
        ]
        if len(shares) == 1:
            return shares[0]
        whole = all(share.total for share in shares)
        if self.budgeting.method is BudgetingMethod.OCCURRENCES:
            found = share_of_burn_rates(self.parts, shares, self.target)
        elif self.budgeting.method is BudgetingMethod.TIMESLICES:
            found = share_of_bad_slices(self.parts, self.series, span)
        else:
            found = share_of_summed_losses(shares, self.parts, self.series, span)
        return replace(found, whole=whole)

    def flows(self, span: MinuteSpan) -> list["Flow"]:
        """The amounts behind the share, one row for each minute or time slice."""
        if self.budgeting.method is BudgetingMethod.OCCURRENCES:
            return [
                Flow(
                    float(weight / part.allowed_ratio),
                    1,
                    bad_and_total(one.parts(span, 1)) / part.sli.units_per_event,
                )
                for (weight, part), one in zip(weighted_parts(self.parts), self.series, strict=True)
            ]
        counted = slice_counts_by_part(self.parts, self.series, span)
        if self.budgeting.method is BudgetingMethod.TIMESLICES:
            missing = [
                (slices_with_events(counts) & ~slices_on_target(part.budgeting, counts)).astype(
                    float
                )
                for part, counts in zip(self.parts, counted, strict=True)
            ]
            bad = np.max(missing, axis=0)
        else:
            bad = np.sum([bad_ratio(counts) for counts in counted], axis=0).clip(max=1)
        some = np.any([slices_with_events(counts) for counts in counted], axis=0)
        weight = 1 / float(1 - self.target)
        return [Flow(weight, self.budgeting.slice_minutes, np.column_stack([bad, some]))]

    def part_burn_rates(self, span: MinuteSpan) -> list[float]:
        """The burn rate of each component times its weight; 0 without traffic."""
        found = []
        for (weight, part), series in zip(weighted_parts(self.parts), self.series, strict=True):
            share = own_share(part, series, span)
            burn = share.bad / share.total / part.allowed_ratio if share.total else 0
            found.append(float(weight * burn))
        return found

    def counts(self, span: MinuteSpan) -> Counts:
        """The sum of the counts of all components."""
        counted = zip(self.parts, self.series, strict=True)
        return sum(
            (
                counts_in_rows(series.counts_over(span), part.sli.units_per_event)
                for part, series in counted
            ),
            Counts(),
        )


def own_share(part: Component, series: Series, span: MinuteSpan) -> Share:
    """The share of one component alone, in whole rows."""
    share = part.budgeting.share(series, span)
    if part.budgeting.method is not BudgetingMethod.OCCURRENCES or part.sli.units_per_event == 1:
        return share
    return Share(share.good / part.sli.units_per_event, share.total / part.sli.units_per_event)


def counts_in_rows(counts: Counts, unit: int) -> Counts:
    """Counts in whole rows; bad is rounded up, so it never disappears."""
    if unit == 1:
        return counts
    bad = -(-counts.bad // unit)
    total, excluded = (round(Fraction(one, unit)) for one in (counts.total, counts.excluded))
    return Counts(max(0, total - bad), bad, -(-counts.unscored // unit), excluded)


@dataclass(frozen=True, slots=True)
class Flow:
    """Bad and total (n, 2) of one component, in slots of ``minutes``.

    ``burn`` is the burn rate of the whole objective if all of this component is bad.
    """

    burn: float
    minutes: int
    amounts: FloatArray


def bad_and_total(counts: IntArray) -> FloatArray:
    """Columns bad and judged (n, 2) of counts (n, 4)."""
    return np.column_stack([counts[:, 1], counts[:, 0] + counts[:, 1]]).astype(float)


def bad_ratio(counts: IntArray) -> FloatArray:
    """The bad ratio of counts (n, 4); 0 where nothing is judged."""
    bad, total = bad_and_total(counts).T
    return np.asarray(bad / np.maximum(total, 1))


def objective_target(parts: Sequence[Component]) -> Decimal:
    """The target of the whole objective; raises InputError if the components allow everything."""
    targets = [(part.target, part.weight) for part in parts]
    return combined_target(targets, parts[0].budgeting.method)


def weighted_parts(parts: Sequence[Component]) -> list[tuple[Fraction, Component]]:
    """Every component with its weight; the weights add up to 1."""
    together = sum(Fraction(part.weight) for part in parts)
    return [(Fraction(part.weight) / together, part) for part in parts]


def share_of_burn_rates(
    parts: Sequence[Component], shares: Sequence[Share], target: Decimal
) -> Share:
    """The share whose burn rate is the weighted sum of the components' burn rates.

    A component without traffic burns nothing.
    """
    allowed = 1 - Fraction(target)
    found = tuple(
        WeightedShare(part.name, weight * allowed / part.allowed_ratio, part.allowed_ratio, share)
        for (weight, part), share in zip(weighted_parts(parts), shares, strict=True)
        if share.total
    )
    bad = sum((one.bad for one in found), Fraction(0))
    total = Fraction(1 if found else 0)
    return Share(total - bad, total, parts=found)


def share_of_bad_slices(
    parts: Sequence[Component], series: Sequence[Series], span: MinuteSpan
) -> Share:
    """The share of time slices; a slice is bad if it is bad for any component."""
    counted = slice_counts_by_part(parts, series, span)
    bad = [
        slices_with_events(counts) & ~slices_on_target(part.budgeting, counts)
        for part, counts in zip(parts, counted, strict=True)
    ]
    total = int(np.any([slices_with_events(counts) for counts in counted], axis=0).sum())
    return Share(Fraction(total - int(np.any(bad, axis=0).sum())), Fraction(total))


def share_of_summed_losses(
    shares: Sequence[Share], parts: Sequence[Component], series: Sequence[Series], span: MinuteSpan
) -> Share:
    """The share of time slices with the losses of all components added, at most all of it."""
    counted = slice_counts_by_part(parts, series, span)
    total = int(np.any([slices_with_events(counts) for counts in counted], axis=0).sum())
    bad = min(sum((share.bad for share in shares), Fraction(0)), Fraction(total))
    return Share(total - bad, Fraction(total))


def slice_counts_by_part(
    parts: Sequence[Component], series: Sequence[Series], span: MinuteSpan
) -> list[IntArray]:
    """Counts (slices, 4) of each component."""
    return [
        one.parts(span, part.budgeting.slice_minutes)
        for part, one in zip(parts, series, strict=True)
    ]
