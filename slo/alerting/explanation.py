"""Explain why an alert fires, from the rows in its window."""

import numpy as np
import pyarrow as pa

from framegate.slo.alerting.evaluation import AlertEvaluation
from framegate.slo.alerting.wording import ExampleJob, description, summary
from framegate.slo.counting.series import IntArray, MinuteSpan
from framegate.slo.counting.sli import BAD, Sli
from framegate.slo.counting.slice_counter import SliceCounter
from framegate.slo.judging.attribution import (
    component_contributions,
    contributions,
    worst_component,
)
from framegate.slo.judging.status import SloStatus
from framegate.slo.objectives.components import ObjectiveSeries
from framegate.telemetry.platform.clock import MINUTE_NS

AlertText = tuple[str, str]  # summary, description


def explain_alert(
    look: AlertEvaluation,
    status: SloStatus,
    measured: ObjectiveSeries,
    engine: SliceCounter,
    *,
    end_ns: int,
) -> AlertText:
    """Summary and description: what happened, budget left, top contributors, an example job."""
    objective = look.objective
    if look.condition is None or look.judgement is None:
        return (
            f"{objective.name}: no data ({status.state.value})",
            description(objective, status, [], None),
        )
    last = end_ns // MINUTE_NS + 1
    span = MinuteSpan(last - look.condition.long_minutes, last)
    part, causes = worst_component(measured, span), component_contributions(measured, span)
    example = None
    if isinstance(part.sli, Sli):
        rows, verdicts = engine.classify_rows(part.sli, span, end_ns=end_ns)
        rows, verdicts = rows_of_group(rows, verdicts, objective.groups, look.key.group)
        causes += contributions(rows, verdicts, part.sli.relation)
        example = latest_bad_job(rows, verdicts, engine)
    return (
        summary(objective, look.condition, look.judgement, group=look.key.group),
        description(objective, status, causes, example),
    )


def rows_of_group(
    rows: pa.Table, verdicts: IntArray, names: tuple[str, ...], group: tuple[str, ...]
) -> tuple[pa.Table, IntArray]:
    """The rows of one group; all rows if ``group`` is empty."""
    mask = np.ones(rows.num_rows, np.bool_)
    for name, value in zip(names, group, strict=False):
        mask &= np.array(rows.column(name).fill_null("").to_pylist(), object) == value
    return rows.filter(pa.array(mask)), verdicts[mask]


def latest_bad_job(rows: pa.Table, verdicts: IntArray, engine: SliceCounter) -> ExampleJob | None:
    """The latest bad job; None if the rows are not jobs or none is bad."""
    bad = np.flatnonzero(verdicts == BAD)
    if "job_id" not in rows.column_names or not len(bad):
        return None
    submitted = rows.column("submitted_ns").to_numpy()
    place = int(bad[np.argmax(submitted[bad])])
    job_id = rows.column("job_id")[place].as_py()
    return ExampleJob(job_id, engine.trace_of(job_id, since_ns=int(submitted[place])))
