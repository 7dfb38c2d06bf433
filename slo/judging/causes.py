"""The causes of bad events: what each model, tenant, worker, error or component contributed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from framegate.slo.counting.relations import DIMENSIONS, Relation
from framegate.slo.counting.series import IntArray, MinuteSpan
from framegate.slo.counting.sli import BAD, GOOD, Sli
from framegate.slo.counting.slice_counter import SliceCounter
from framegate.slo.judging.status import SloEvidence
from framegate.slo.objectives.components import Component, ObjectiveSeries, counts_in_rows
from framegate.slo.objectives.objective import Objective


@dataclass(frozen=True, slots=True)
class Contribution:
    """The contribution of one value of one dimension, for example of one model.

    ``bad_share``: its share of all bad events, 0 to 1. ``lift``: its bad ratio divided by the bad
    ratio of all other values; infinite if the others have no bad events, None if there are none.
    """

    dimension: str
    value: str
    bad: int
    total: int
    bad_share: float
    lift: float | None

    @property
    def excess(self) -> float:
        """Bad events above what it would have at the bad ratio of the others; used to sort."""
        if self.lift is None or self.lift <= 1:
            return 0.0
        return self.bad * (1 - 1 / self.lift)


def contributions(rows: pa.Table, verdicts: IntArray, relation: Relation) -> list[Contribution]:
    """Every value with bad events, of every dimension; the largest excess first."""
    found = [
        one
        for dimension in DIMENSIONS[relation]
        if dimension in rows.column_names
        for one in dimension_contributions(dimension, rows.column(dimension), verdicts)
    ]
    return sorted(found, key=lambda one: (-one.excess, -one.bad, one.dimension, one.value))


def dimension_contributions(
    dimension: str, column: pa.ChunkedArray, verdicts: IntArray
) -> Iterator[Contribution]:
    coded = column.combine_chunks().fill_null("").dictionary_encode()
    values = coded.dictionary.to_pylist()
    places = coded.indices.to_numpy()
    bad = np.bincount(places[verdicts == BAD], minlength=len(values))
    good = np.bincount(places[verdicts == GOOD], minlength=len(values))
    all_bad, all_judged = int(bad.sum()), int(bad.sum() + good.sum())
    for value, of_value, of_good in zip(values, bad.tolist(), good.tolist(), strict=True):
        if of_value:
            judged = of_value + of_good
            others = (all_bad - of_value, all_judged - judged)
            yield Contribution(
                dimension,
                value,
                of_value,
                judged,
                of_value / all_bad,
                lift(of_value / judged, others),
            )


def component_contributions(measured: ObjectiveSeries, span: MinuteSpan) -> list[Contribution]:
    """The components of a composite that burned, fastest first; empty for a single indicator."""
    burned = measured.part_burn_rates(span)
    together = sum(burned)
    if len(burned) == 1 or not together:
        return []
    found = []
    for part, series, mine in zip(measured.parts, measured.series, burned, strict=True):
        counts = counts_in_rows(series.counts_over(span), part.sli.units_per_event)
        others = (together - mine) / (len(burned) - 1)
        if mine:
            times = mine / others if others else float("inf")
            found.append(
                Contribution("part", part.name, counts.bad, counts.total, mine / together, times)
            )
    return sorted(found, key=lambda one: -one.bad_share)


def worst_component(measured: ObjectiveSeries, span: MinuteSpan) -> Component:
    """The component that burned fastest."""
    burned = measured.part_burn_rates(span)
    return measured.parts[burned.index(max(burned))]


def lift(ratio: float, others: tuple[int, int]) -> float | None:
    bad, judged = others
    if not judged:
        return None
    return ratio / (bad / judged) if bad else float("inf")


def budget_causes(
    objective: Objective, evidence: SloEvidence, engine: SliceCounter, span: MinuteSpan
) -> list[Contribution]:
    """Contributors in a span without its corrected minutes; the largest first."""
    measured = evidence.objective_series(objective)
    part, found = worst_component(measured, span), component_contributions(measured, span)
    if isinstance(part.sli, Sli):
        rows, verdicts = engine.classify_rows(part.sli, span, end_ns=evidence.end_ns)
        spans = [one.minutes for one in evidence.corrections if one.matches(objective.all_labels)]
        rows, verdicts = rows_outside(rows, verdicts, spans)
        found += contributions(rows, verdicts, part.sli.relation)
    return found


def rows_outside(
    rows: pa.Table, verdicts: IntArray, spans: Sequence[MinuteSpan]
) -> tuple[pa.Table, IntArray]:
    if not spans:
        return rows, verdicts
    minutes = rows.column("minute").to_numpy()
    kept = np.ones(len(minutes), np.bool_)
    for span in spans:
        kept &= (minutes < span.first) | (minutes >= span.last)
    return rows.filter(pa.array(kept)), verdicts[kept]
