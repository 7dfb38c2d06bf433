"""Why an alert fires: in words, from the rows that its window holds."""

import numpy as np
import pyarrow as pa

from framegate.slo.alerting.evaluation import Evaluated
from framegate.slo.alerting.wording import Example, description, summary
from framegate.slo.counting.counts import MINUTE_NS
from framegate.slo.counting.series import Numbers, Span
from framegate.slo.counting.sli import BAD, Sli
from framegate.slo.counting.slice_counter import Engine
from framegate.slo.judging.attribution import contributions, of_parts, worst
from framegate.slo.judging.status import SloStatus
from framegate.slo.objectives.components import Measured

Words = tuple[str, str]  # summary, description


def explained(
    look: Evaluated, status: SloStatus, measured: Measured, engine: Engine, *, end_ns: int
) -> Words:
    """What happened, what is left, who did it, an example."""
    objective = look.objective
    if look.condition is None or look.judgement is None:
        return (
            f"{objective.name}: nothing is known ({status.state.value})",
            description(objective, status, [], None),
        )
    last = end_ns // MINUTE_NS + 1
    span = Span(last - look.condition.long_minutes, last)
    part, causes = worst(measured, span), of_parts(measured, span)
    example = None
    if isinstance(part.sli, Sli):
        rows, verdicts = engine.verdicts(part.sli, span, end_ns=end_ns)
        rows, verdicts = of_group(rows, verdicts, objective.groups, look.key.group)
        causes += contributions(rows, verdicts, part.sli.relation)
        example = example_of(rows, verdicts, engine)
    return (
        summary(objective, look.condition, look.judgement, group=look.key.group),
        description(objective, status, causes, example),
    )


def of_group(
    rows: pa.Table, verdicts: Numbers, names: tuple[str, ...], group: tuple[str, ...]
) -> tuple[pa.Table, Numbers]:
    """The rows of a group alone; of no group, all."""
    mask = np.ones(rows.num_rows, np.bool_)
    for name, value in zip(names, group, strict=False):
        mask &= np.array(rows.column(name).fill_null("").to_pylist(), object) == value
    return rows.filter(pa.array(mask)), verdicts[mask]


def example_of(rows: pa.Table, verdicts: Numbers, engine: Engine) -> Example | None:
    """The latest bad job; None where rows are no jobs, or none is bad."""
    bad = np.flatnonzero(verdicts == BAD)
    if "job_id" not in rows.column_names or not len(bad):
        return None
    submitted = rows.column("submitted_ns").to_numpy()
    place = int(bad[np.argmax(submitted[bad])])
    job_id = rows.column("job_id")[place].as_py()
    return Example(job_id, engine.trace_of(job_id, since_ns=int(submitted[place])))
