"""Who spent an objective's budget: the parts of a composite, and the rows of the worst."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from framegate.slo.counting.series import Numbers, Span
from framegate.slo.counting.sli import Sli
from framegate.slo.counting.slice_counter import Engine
from framegate.slo.judging.attribution import Contribution, contributions, of_parts, worst
from framegate.slo.judging.evidence import Evidence
from framegate.slo.objectives.objective import Objective


def causes(
    objective: Objective, evidence: Evidence, engine: Engine, span: Span
) -> list[Contribution]:
    """In a span, without the minutes that corrections took out; the most telling first."""
    measured = evidence.measured(objective)
    part, found = worst(measured, span), of_parts(measured, span)
    if isinstance(part.sli, Sli):
        rows, verdicts = engine.verdicts(part.sli, span, end_ns=evidence.end_ns)
        spans = [one.minutes for one in evidence.corrections if one.matches(objective.all_labels)]
        rows, verdicts = outside(rows, verdicts, spans)
        found += contributions(rows, verdicts, part.sli.relation)
    return found


def outside(rows: pa.Table, verdicts: Numbers, spans: Sequence[Span]) -> tuple[pa.Table, Numbers]:
    if not spans:
        return rows, verdicts
    minutes = rows.column("minute").to_numpy()
    kept = np.ones(len(minutes), np.bool_)
    for span in spans:
        kept &= (minutes < span.first) | (minutes >= span.last)
    return rows.filter(pa.array(kept)), verdicts[kept]
