"""Count job indicators from the results of the queries ``jobs`` and ``scores``."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from framegate.slo.counting.expressions import ARROW_TYPES, function_column
from framegate.slo.counting.prometheus_indicator import Indicator, PrometheusIndicator
from framegate.slo.counting.relations import JOB_COLUMNS, Relation
from framegate.slo.counting.series import IndicatorTally
from framegate.slo.counting.sli import Sli, count_rows, projection_of
from framegate.telemetry.platform.clock import MINUTE_NS
from framegate.telemetry.platform.errors import InputError


def tally_jobs(
    slis: Iterable[Indicator], jobs: pa.Table, scores: pa.Table, *, end_ns: int
) -> dict[Sli, IndicatorTally]:
    """The tally of each indicator; raises InputError for one that does not count jobs."""
    tallies = {sli: IndicatorTally() for sli in require_slis(slis)}
    others = {sli.relation for sli in tallies} - {Relation.JOBS}
    if others:
        raise InputError(f"an indicator over {min(others)} needs an SLO engine")
    metrics = {metric for _, metric in projection_of(tallies).calls}
    rows = job_rows(jobs, scores, metrics)
    minutes = np.unique(rows.column("minute").to_numpy())
    if len(minutes):
        count_rows(tallies, rows, minutes=minutes, now_ns=end_ns)
    return tallies


def require_slis(slis: Iterable[Indicator]) -> Iterator[Sli]:
    """Raises InputError for a Prometheus indicator."""
    for sli in slis:
        if isinstance(sli, PrometheusIndicator):
            raise InputError("a Prometheus indicator needs an SLO engine")
        yield sli


def job_rows(jobs: pa.Table, scores: pa.Table, metrics: Iterable[str]) -> pa.Table:
    """The columns of the relation ``jobs``, and each metric's latest value."""
    submitted = jobs.column("submitted_ns")
    columns: dict[str, object] = {
        "submitted_ns": submitted,
        "minute": pc.divide(submitted, MINUTE_NS),
    }
    made = {
        "size": size_column(jobs),
        "queue_seconds": seconds_between(submitted, jobs.column("started_ns")),
        "seconds": seconds_between(submitted, jobs.column("finished_ns")),
    }
    for name, kind in JOB_COLUMNS.items():
        values = made[name] if name in made else jobs.column(name)
        columns[name] = null_non_finite(values.cast(ARROW_TYPES[kind]))
    for metric in metrics:
        known = scores_by_job(scores, metric)
        values = pa.array([known.get(job) for job in jobs.column("job_id").to_pylist()], "float64")
        columns[function_column("score", metric)] = null_non_finite(values)
    return pa.table(columns)


def size_column(jobs: pa.Table) -> pa.ChunkedArray:
    width, height = (jobs.column(name).cast(pa.string()) for name in ("width", "height"))
    return pc.binary_join_element_wise(width, height, "x")


def seconds_between(begin: pa.ChunkedArray, end: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.divide(pc.subtract(end.cast(pa.int64()), begin).cast(pa.float64()), 1e9)


def null_non_finite(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Replace non-finite numbers by NULL."""
    if not pa.types.is_floating(values.type):
        return values
    return pc.if_else(pc.is_finite(values), values, pa.scalar(None, pa.float64()))


def scores_by_job(scores: pa.Table, metric: str) -> Mapping[str, float | None]:
    """Values of one metric by job; the query returns one row for each job and metric."""
    found = scores.filter(pc.equal(scores.column("metric"), metric))
    ids, values = found.column("job_id").to_pylist(), found.column("value").to_pylist()
    return dict(zip(ids, values, strict=True))
