"""Indicators of jobs over the collector's own answers: jobs and scores as Arrow tables."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from framegate.slo.counting.counts import MINUTE_NS
from framegate.slo.counting.expression_nodes import ARROW, column_of
from framegate.slo.counting.prometheus_indicator import Asked, Indicator
from framegate.slo.counting.relations import JOB_COLUMNS, Relation
from framegate.slo.counting.sli import Sli, wanted_of
from framegate.slo.counting.tallies import Tally, count_rows
from framegate.telemetry.platform.errors import InputError


def tallies_of(
    slis: Iterable[Indicator], jobs: pa.Table, scores: pa.Table, *, end_ns: int
) -> dict[Sli, Tally]:
    """What the indicators come to; raises InputError for one that counts something else."""
    tallies = {sli: Tally() for sli in ours(slis)}
    others = {sli.relation for sli in tallies} - {Relation.JOBS}
    if others:
        raise InputError(f"an indicator counts {min(others)}: only the collector's own loop can")
    metrics = {metric for _, metric in wanted_of(tallies).calls}
    rows = job_rows(jobs, scores, metrics)
    minutes = np.unique(rows.column("minute").to_numpy())
    if len(minutes):
        count_rows(tallies, rows, minutes=minutes, now_ns=end_ns)
    return tallies


def ours(slis: Iterable[Indicator]) -> Iterator[Sli]:
    """Raises InputError for an indicator that is counted elsewhere."""
    for sli in slis:
        if isinstance(sli, Asked):
            raise InputError("an indicator asks a Prometheus: only the collector's own loop does")
        yield sli


def job_rows(jobs: pa.Table, scores: pa.Table, metrics: Iterable[str]) -> pa.Table:
    """The columns of the relation ``jobs``, and each metric's latest value."""
    submitted = jobs.column("submitted_ns")
    columns: dict[str, object] = {
        "submitted_ns": submitted,
        "minute": pc.divide(submitted, MINUTE_NS),
    }
    made = {
        "size": size_of(jobs),
        "queue_seconds": seconds(submitted, jobs.column("started_ns")),
        "seconds": seconds(submitted, jobs.column("finished_ns")),
    }
    for name, kind in JOB_COLUMNS.items():
        values = made[name] if name in made else jobs.column(name)
        columns[name] = finite(values.cast(ARROW[kind]))
    for metric in metrics:
        known = latest(scores, metric)
        values = pa.array([known.get(job) for job in jobs.column("job_id").to_pylist()], "float64")
        columns[column_of("score", metric)] = finite(values)
    return pa.table(columns)


def size_of(jobs: pa.Table) -> pa.ChunkedArray:
    width, height = (jobs.column(name).cast(pa.string()) for name in ("width", "height"))
    return pc.binary_join_element_wise(width, height, "x")


def seconds(begin: pa.ChunkedArray, end: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.divide(pc.subtract(end.cast(pa.int64()), begin).cast(pa.float64()), 1e9)


def finite(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """NULL for numbers that are not finite."""
    if not pa.types.is_floating(values.type):
        return values
    return pc.if_else(pc.is_finite(values), values, pa.scalar(None, pa.float64()))


def latest(scores: pa.Table, metric: str) -> Mapping[str, float | None]:
    """By job; the query gives one row for each job and metric."""
    found = scores.filter(pc.equal(scores.column("metric"), metric))
    ids, values = found.column("job_id").to_pylist(), found.column("value").to_pylist()
    return dict(zip(ids, values, strict=True))
