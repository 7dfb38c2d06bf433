"""What indicators count: jobs, spans, events and metric points, with typed columns.

Numbers are floats, and NULL where they are not finite.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from framegate.slo.counting.expressions import (
    Columns,
    Functions,
    ValueKind,
    function_column,
    quote_identifier,
)
from framegate.telemetry.platform.clock import MINUTE_NS
from framegate.telemetry.signals.names import (
    EVENT_EVALUATION,
    EVENT_FIRST_PLAYABLE,
    EVENT_JOB_STATE,
)
from framegate.telemetry.store.job_columns import job_column_sql

MINUTE_SQL = str(MINUTE_NS)


class Relation(StrEnum):
    JOBS = "jobs"  # one row per job, in the minute it was submitted
    SPANS = "spans"  # one row per finished span, in the minute it began
    EVENTS = "events"  # one row per log record
    POINTS = "points"  # one row per metric point


DIMENSIONS: Mapping[Relation, tuple[str, ...]] = {
    Relation.JOBS: ("model", "workload", "tenant", "size", "worker", "error_type"),
    Relation.SPANS: ("service", "name", "model", "workload", "error_type"),
    Relation.EVENTS: ("service", "model", "workload", "tenant", "worker", "error_type"),
    Relation.POINTS: ("service", "name"),
}


JOB_COLUMNS: Columns = {
    "workload": ValueKind.TEXT,
    "tenant": ValueKind.TEXT,
    "model": ValueKind.TEXT,
    "prompt_id": ValueKind.TEXT,
    "state": ValueKind.TEXT,
    "error_type": ValueKind.TEXT,
    "worker": ValueKind.TEXT,
    "size": ValueKind.TEXT,  # 1280x720
    "width": ValueKind.NUMBER,
    "height": ValueKind.NUMBER,
    "fps": ValueKind.NUMBER,
    "duration_seconds": ValueKind.NUMBER,
    "steps": ValueKind.NUMBER,
    "ttfp_seconds": ValueKind.NUMBER,
    "queue_seconds": ValueKind.NUMBER,  # from its submission to a worker
    "seconds": ValueKind.NUMBER,  # from its submission to its end
}
JOB_FUNCTIONS: Functions = {"score": ValueKind.NUMBER}  # the latest value of a metric

SPAN_COLUMNS: Columns = {
    "name": ValueKind.TEXT,
    "service": ValueKind.TEXT,
    "stage": ValueKind.TEXT,
    "workload": ValueKind.TEXT,
    "model": ValueKind.TEXT,
    "error_type": ValueKind.TEXT,
    "kind": ValueKind.NUMBER,
    "status": ValueKind.NUMBER,  # 2 is an error
    "seconds": ValueKind.NUMBER,
}
EVENT_COLUMNS: Columns = {
    "name": ValueKind.TEXT,
    "service": ValueKind.TEXT,
    "state": ValueKind.TEXT,
    "workload": ValueKind.TEXT,
    "tenant": ValueKind.TEXT,
    "model": ValueKind.TEXT,
    "error_type": ValueKind.TEXT,
    "worker": ValueKind.TEXT,
    "metric": ValueKind.TEXT,
    "outcome": ValueKind.TEXT,
    "severity": ValueKind.NUMBER,
    "frames": ValueKind.NUMBER,
    "duration_seconds": ValueKind.NUMBER,
    "ttfp_seconds": ValueKind.NUMBER,
    "value": ValueKind.NUMBER,
    "minimum": ValueKind.NUMBER,
    "maximum": ValueKind.NUMBER,
    "stall_count": ValueKind.NUMBER,
    "stall_seconds": ValueKind.NUMBER,
    "client_seconds": ValueKind.NUMBER,
    "playable": ValueKind.TRUTH,
}
POINT_COLUMNS: Columns = {
    "name": ValueKind.TEXT,
    "service": ValueKind.TEXT,
    "unit": ValueKind.TEXT,
    "value": ValueKind.NUMBER,
    "count": ValueKind.NUMBER,
    "sum": ValueKind.NUMBER,
}
ATTRIBUTE_FUNCTIONS: Functions = {"attribute": ValueKind.TEXT, "number": ValueKind.NUMBER}

COLUMNS: Mapping[Relation, Columns] = {
    Relation.JOBS: JOB_COLUMNS,
    Relation.SPANS: SPAN_COLUMNS,
    Relation.EVENTS: EVENT_COLUMNS,
    Relation.POINTS: POINT_COLUMNS,
}
FUNCTIONS: Mapping[Relation, Functions] = {
    Relation.JOBS: JOB_FUNCTIONS,
    Relation.SPANS: ATTRIBUTE_FUNCTIONS,
    Relation.EVENTS: ATTRIBUTE_FUNCTIONS,
    Relation.POINTS: ATTRIBUTE_FUNCTIONS,
}
TABLES: Mapping[Relation, str] = {
    Relation.SPANS: "spans",
    Relation.EVENTS: "events",
    Relation.POINTS: "metric_points",
}
TIME_COLUMNS: Mapping[Relation, str] = {
    Relation.SPANS: "start_time",
    Relation.EVENTS: "event_time",
    Relation.POINTS: "point_time",
}
COLUMN_SQL: Mapping[Relation, Mapping[str, str]] = {
    Relation.SPANS: {"seconds": "duration_ns / 1e9"},
    Relation.EVENTS: {},
    Relation.POINTS: {},
}

# A job's scores are events too; they say nothing of its other columns.
JOB_SQL = job_column_sql("of_job")
JOB_COLUMN_SQL: Mapping[str, str] = {
    **JOB_SQL,
    "size": f"{JOB_SQL['width']} || 'x' || {JOB_SQL['height']}",
    "queue_seconds": f"({JOB_SQL['started_ns']} - {JOB_SQL['submitted_ns']}) / 1e9",
    "seconds": f"({JOB_SQL['finished_ns']} - {JOB_SQL['submitted_ns']}) / 1e9",
}


@dataclass(frozen=True, slots=True)
class Projection:
    """The columns of a relation that indicators read, and the arguments of its functions."""

    columns: frozenset[str]
    calls: frozenset[tuple[str, str]] = frozenset()

    def __or__(self, other: "Projection") -> "Projection":
        return Projection(self.columns | other.columns, self.calls | other.calls)

    def __le__(self, other: "Projection") -> bool:
        return self.columns <= other.columns and self.calls <= other.calls


def jobs_sql(wanted: Projection) -> str:
    """Jobs built from the events since $since_ns, in any order of arrival.

    The furthest state wins; between two final states, the later one. A job belongs to the minute
    of its first event. With $ids, only the jobs of that list.
    """
    folded = [
        f"{finite_sql(JOB_COLUMN_SQL[name], JOB_COLUMNS[name])} AS {quote_identifier(name)}"
        for name in sorted(wanted.columns)
    ]
    scores = [
        f"arg_max(struct_pack(it := {finite_sql('value', ValueKind.NUMBER)}), event_time) "
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


SUBMITTED_SQL = f"{JOB_SQL['submitted_ns']} AS submitted_ns"


def rows_sql(relation: Relation, wanted: Projection, conditions: Iterable[str]) -> str:
    """Spans, events or points of $minutes, which lie from $since_ns to before $until_ns.

    Only rows where one of the conditions, SQL over the relation's columns, holds.
    """
    time, known = TIME_COLUMNS[relation], COLUMNS[relation]
    other = COLUMN_SQL[relation]
    columns = [
        f"{finite_sql(other.get(name, name), known[name])} AS {quote_identifier(name)}"
        for name in sorted(wanted.columns)
    ]
    columns += [attribute_sql(*call) for call in sorted(wanted.calls)]
    return (
        "SELECT * FROM ("  # noqa: S608 - our own words, and names that framegate.slo.counting.expressions has checked
        f"SELECT epoch_ns({time}) // {MINUTE_SQL} AS minute, epoch_ns({time}) AS submitted_ns"
        f"{''.join(f', {column}' for column in columns)} FROM {TABLES[relation]} "
        f"WHERE {time} >= make_timestamp_ns($since_ns) AND {time} < make_timestamp_ns($until_ns)"
        ") WHERE minute IN (SELECT unnest($minutes::BIGINT[])) "
        f"AND ({' OR '.join(dict.fromkeys(conditions))})"
    )


def attribute_sql(function: str, name: str) -> str:
    """One of a row's attributes, as text or as a number."""
    found = f"json_extract_string(CAST(attributes AS JSON), '$.\"{name}\"')"
    if function == "number":
        found = finite_sql(f"TRY_CAST({found} AS DOUBLE)", ValueKind.NUMBER)
    return f"{found} AS {quote_identifier(function_column(function, name))}"


def finite_sql(sql: str, kind: ValueKind) -> str:
    """A number as a float, NULL if it is not finite; any other kind unchanged."""
    if kind is not ValueKind.NUMBER:
        return sql
    number = f"CAST({sql} AS DOUBLE)"
    return f"CASE WHEN isfinite({number}) THEN {number} END"


# DuckDB types of the columns of a job.
DUCKDB_TYPES: Mapping[ValueKind, str] = {
    ValueKind.TEXT: "VARCHAR",
    ValueKind.NUMBER: "DOUBLE",
    ValueKind.TRUTH: "BOOLEAN",
}
