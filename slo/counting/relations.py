"""What indicators count: jobs, spans, events and metric points, with typed columns.

Numbers are floats, and NULL where they are not finite.
"""

from collections.abc import Mapping
from enum import StrEnum

from framegate.slo.counting.expressions import Columns, Functions, ValueKind
from framegate.telemetry.store.job_columns import job_column_sql


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


def finite_sql(sql: str, kind: ValueKind) -> str:
    """A number as a float, NULL if it is not finite; any other kind unchanged."""
    if kind is not ValueKind.NUMBER:
        return sql
    number = f"CAST({sql} AS DOUBLE)"
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def columns_sql(columns: Columns, written: Mapping[str, str]) -> Mapping[str, str]:
    """The SQL of every column; ``written`` has it for those that no table has."""
    return {name: finite_sql(written.get(name, name), kind) for name, kind in columns.items()}


# A job's scores are events too; they say nothing of its other columns.
JOB_SQL = job_column_sql("of_job")
COLUMN_SQL: Mapping[Relation, Mapping[str, str]] = {
    Relation.JOBS: columns_sql(
        JOB_COLUMNS,
        {
            **JOB_SQL,
            "size": f"{JOB_SQL['width']} || 'x' || {JOB_SQL['height']}",
            "queue_seconds": f"({JOB_SQL['started_ns']} - {JOB_SQL['submitted_ns']}) / 1e9",
            "seconds": f"({JOB_SQL['finished_ns']} - {JOB_SQL['submitted_ns']}) / 1e9",
        },
    ),
    Relation.SPANS: columns_sql(SPAN_COLUMNS, {"seconds": "duration_ns / 1e9"}),
    Relation.EVENTS: columns_sql(EVENT_COLUMNS, {}),
    Relation.POINTS: columns_sql(POINT_COLUMNS, {}),
}
SUBMITTED_SQL = f"{JOB_SQL['submitted_ns']} AS submitted_ns"
SCORE_SQL = f"struct_pack(it := {finite_sql('value', ValueKind.NUMBER)})"
ATTRIBUTE_TEXT_SQL = "json_extract_string(CAST(attributes AS JSON), '$.\"{name}\"')"
# The functions of rows other than jobs, with a place for the name of an attribute.
ATTRIBUTE_SQL: Mapping[str, str] = {
    "attribute": ATTRIBUTE_TEXT_SQL,
    "number": finite_sql(f"TRY_CAST({ATTRIBUTE_TEXT_SQL} AS DOUBLE)", ValueKind.NUMBER),
}
