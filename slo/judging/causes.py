"""The top contributors of an objective: its worst component, and the rows of that one."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from framegate.slo.counting.series import IntArray, MinuteSpan
from framegate.slo.counting.sli import Sli
from framegate.slo.counting.slice_counter import SliceCounter
from framegate.slo.judging.attribution import (
    Contribution,
    component_contributions,
    contributions,
    worst_component,
)
from framegate.slo.judging.status import SloEvidence
from framegate.slo.objectives.objective import Objective


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
