"""All jobs of the horizon in memory: one row each, with the current state.

Whenever an event of a job arrives, its row is built again from all of its events, so the order of
arrival never matters.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import duckdb
import numpy as np
import pyarrow as pa

from framegate.slo.counting.expressions import ValueKind, function_column, quote_identifier
from framegate.slo.counting.relations import (
    COLUMN_SQL,
    JOB_COLUMNS,
    SCORE_SQL,
    SUBMITTED_SQL,
    Relation,
)
from framegate.slo.counting.series import IntArray
from framegate.slo.counting.sli import Projection
from framegate.telemetry.platform.clock import MINUTE_NS
from framegate.telemetry.signals.names import (
    EVENT_EVALUATION,
    EVENT_FIRST_PLAYABLE,
    EVENT_JOB_STATE,
)

# The table is copied after this many replaced rows, because DuckDB does not reuse their space.
REPLACED_ROWS = 200_000

DUCKDB_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": "1",
    "enable_external_access": "false",
}
# DuckDB types of the columns of a job.
DUCKDB_TYPES: Mapping[ValueKind, str] = {
    ValueKind.TEXT: "VARCHAR",
    ValueKind.NUMBER: "DOUBLE",
    ValueKind.TRUTH: "BOOLEAN",
}


class JobTable:
    """Jobs with the columns of a projection; use it from one thread at a time."""

    def __init__(self, wanted: Projection) -> None:
        self.projection = wanted
        self._database = duckdb.connect(":memory:", config=DUCKDB_SETTINGS)
        self._replaced = 0
        self._database.execute(f"CREATE TABLE jobs ({self._columns_sql()})")

    def close(self) -> None:
        self._database.close()

    def load(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Add new jobs."""
        for batch in batches:
            self._insert(pa.Table.from_batches([batch]))

    def replace(self, jobs: pa.Table, *, ids: Sequence[str]) -> IntArray:
        """Replace the rows of the jobs ``ids``; returns the minutes of old and new rows."""
        self._database.register("incoming_ids", pa.table({"job_id": pa.array(ids, pa.string())}))
        these = (
            "key IN (SELECT hash(job_id) FROM incoming_ids) "
            "AND job_id IN (SELECT job_id FROM incoming_ids)"
        )
        before = self._database.execute(f"DELETE FROM jobs WHERE {these} RETURNING minute")  # noqa: S608 - constants
        old = np.array(before.fetchall(), np.int64).reshape(-1)
        self._database.unregister("incoming_ids")
        self._insert(jobs)
        self._tidy(len(old))
        new = jobs.column("submitted_ns").to_numpy() // MINUTE_NS
        return np.unique(np.concatenate([old, new]).astype(np.int64))

    def earliest_ns(self, ids: Sequence[str], *, default_ns: int) -> int:
        """When the first of these jobs was submitted, in Unix nanoseconds."""
        self._database.register("incoming_ids", pa.table({"job_id": pa.array(ids, pa.string())}))
        found = self._database.execute(
            "SELECT min(submitted_ns) FROM jobs "
            "WHERE key IN (SELECT hash(job_id) FROM incoming_ids)"
        ).fetchall()[0][0]
        self._database.unregister("incoming_ids")
        return default_ns if found is None else min(int(found), default_ns)

    def rows(self, minutes: IntArray) -> pa.Table:
        """The jobs of some minutes, given in ascending order."""
        low, high = int(minutes[0]), int(minutes[-1])
        which = "minute BETWEEN $low AND $high"
        values: dict[str, object] = {"low": low, "high": high}
        if high - low + 1 > len(minutes):
            which += " AND minute IN (SELECT unnest($minutes::BIGINT[]))"
            values["minutes"] = minutes.tolist()
        sql = f"SELECT * FROM jobs WHERE {which}"  # noqa: S608 - constants
        return self._database.sql(sql, params=values).to_arrow_table()

    def minute_bounds(self) -> tuple[int, int]:
        """The first minute that has a job, and the last; (0, -1) without jobs."""
        first, last = self._database.execute(
            "SELECT min(minute), max(minute) FROM jobs"
        ).fetchall()[0]
        return (0, -1) if first is None else (int(first), int(last))

    def forget(self, before_minute: int) -> None:
        """Drop jobs submitted before a minute."""
        dropped = self._database.execute(
            "DELETE FROM jobs WHERE minute < $minute RETURNING 1", {"minute": before_minute}
        ).fetchall()
        self._tidy(len(dropped))

    @property
    def size(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM jobs").fetchall()[0][0])

    def _insert(self, jobs: pa.Table) -> None:
        names = ", ".join(quote_identifier(name) for name in jobs.column_names)
        self._database.register("incoming", jobs)
        self._database.execute(
            f"INSERT INTO jobs (key, minute, {names}) "  # noqa: S608 - the table's own columns
            f"SELECT hash(job_id), submitted_ns // {MINUTE_NS}, {names} FROM incoming"
        )
        self._database.unregister("incoming")

    def _tidy(self, replaced: int) -> None:
        self._replaced += replaced
        if self._replaced < REPLACED_ROWS:
            return
        self._replaced = 0
        self._database.execute("CREATE TABLE fresh AS SELECT * FROM jobs ORDER BY minute")
        self._database.execute("DROP TABLE jobs")
        self._database.execute("ALTER TABLE fresh RENAME TO jobs")

    def _columns_sql(self) -> str:
        fixed = "key UBIGINT, job_id VARCHAR, minute BIGINT, submitted_ns BIGINT"
        return ", ".join(
            [fixed, *(f"{quote_identifier(name)} {kind}" for name, kind in self._typed_columns())]
        )

    def _typed_columns(self) -> Iterator[tuple[str, str]]:
        for name in sorted(self.projection.columns):
            yield name, DUCKDB_TYPES[JOB_COLUMNS[name]]
        for function, name in sorted(self.projection.calls):
            yield function_column(function, name), DUCKDB_TYPES[ValueKind.NUMBER]


def jobs_sql(wanted: Projection) -> str:
    """Jobs built from the events since $since_ns, in any order of arrival.

    The furthest state wins; between two final states, the later one. A job belongs to the minute
    of its first event. With $ids, only the jobs of that list.
    """
    folded = [
        f"{COLUMN_SQL[Relation.JOBS][name]} AS {quote_identifier(name)}"
        for name in sorted(wanted.columns)
    ]
    scores = [
        f"arg_max({SCORE_SQL}, event_time) "
        f"FILTER (name = '{EVENT_EVALUATION}' AND metric = '{metric}').it "
        f"AS {quote_identifier(function_column(function, metric))}"
        for function, metric in sorted(wanted.calls)
    ]
    metrics = "".join(f", '{metric}'" for _, metric in sorted(wanted.calls))
    return f"""
WITH chosen AS (
    SELECT
        *,
        name IN ('{EVENT_JOB_STATE}', '{EVENT_FIRST_PLAYABLE}') AND state IS NOT NULL AS of_job
    FROM events
    WHERE job_id IS NOT NULL
      AND event_time >= make_timestamp_ns($since_ns)
      AND (name IN ('{EVENT_JOB_STATE}', '{EVENT_FIRST_PLAYABLE}')
           OR name = '{EVENT_EVALUATION}' AND metric IN (''{metrics}))
      AND ($ids::VARCHAR[] IS NULL OR job_id IN (SELECT unnest($ids::VARCHAR[])))
)
SELECT
    {", ".join(["job_id AS job_id", SUBMITTED_SQL, *folded, *scores])}
FROM chosen
GROUP BY job_id
HAVING submitted_ns IS NOT NULL
"""  # noqa: S608 - our own words, and names that framegate.slo.counting.expressions has checked
