"""The named queries: clients read the store through these and never send SQL."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from framegate.telemetry.platform.clock import DAY_NS, DAY_SECONDS, LATEST_NS
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.store import sampling
from framegate.telemetry.store.database import read_snapshot
from framegate.telemetry.store.job_columns import job_columns_sql

QUERY_FOLDER = Path(__file__).parent / "queries"
ROW_LIMIT = 1_000_000
BATCH_ROWS = 8192
LONGEST_JOB_NS = DAY_NS  # a job's earlier events are searched this far back

ParameterValue = str | int | None


@dataclass(frozen=True, slots=True)
class Query:
    """One named query; ``parameters`` maps each name to its default (None: no filter)."""

    sql: str
    parameters: Mapping[str, ParameterValue]
    name: str = ""


TIME_PARAMETERS: Mapping[str, ParameterValue] = {
    "since_ns": 0,
    "until_ns": LATEST_NS,
    "limit": ROW_LIMIT,
}
PARAMETER_BOUNDS = {"limit": (0, ROW_LIMIT), "step_seconds": (1, DAY_SECONDS), "severity": (0, 24)}
SPAN_PARAMETERS: Mapping[str, ParameterValue] = {"service": None, "name": None, "model": None}
QUERY_PARAMETERS: Mapping[str, Mapping[str, ParameterValue]] = {
    "jobs": {
        **TIME_PARAMETERS,
        "state": None,
        "model": None,
        "job_id": None,
        "longest_job_ns": LONGEST_JOB_NS,
    },
    "unscored": {"since_ns": 0, "limit": ROW_LIMIT, "samples": "[]"},
    "scores": {**TIME_PARAMETERS, "metric": None, "model": None, "job_id": None},
    "client_outcomes": TIME_PARAMETERS,
    "rates": {**TIME_PARAMETERS, **SPAN_PARAMETERS, "step_seconds": 60},
    "durations": {**TIME_PARAMETERS, **SPAN_PARAMETERS},
    "errors": {**TIME_PARAMETERS, "service": None, "model": None},
    "slowest": {**TIME_PARAMETERS, **SPAN_PARAMETERS, "limit": 50},
    "spans": {**TIME_PARAMETERS, "trace_id": None, "job_id": None},
    "logs": {
        **TIME_PARAMETERS,
        "trace_id": None,
        "job_id": None,
        "name": None,
        "service": None,
        "severity": 0,
    },
    "metric_points": {**TIME_PARAMETERS, "metric": None},
}


def query_sql(name: str) -> str:
    """The text of a query, with the columns of a job where it folds jobs."""
    lines = (QUERY_FOLDER / f"{name}.sql").read_text().splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("--"))
    return text.replace("{job_columns}", job_columns_sql())


QUERIES = {
    name: Query(query_sql(name), parameters, name) for name, parameters in QUERY_PARAMETERS.items()
}


def bind_query(name: str, given: Mapping[str, str]) -> tuple[Query, dict[str, ParameterValue]]:
    """The named query and its parameters' values; raises InputError naming what is wrong."""
    if name not in QUERIES:
        raise InputError(f"unknown query {name!r}; choose from: {', '.join(QUERIES)}")
    query = QUERIES[name]
    unknown = sorted(set(given) - set(query.parameters))
    if unknown:
        known = ", ".join(query.parameters)
        raise InputError(f"query {name!r} has no parameter {unknown[0]!r}; choose from: {known}")
    values = dict(query.parameters)
    values.update({key: parse_parameter(key, text, values[key]) for key, text in given.items()})
    return query, values


def query_rows(
    cursor: duckdb.DuckDBPyConnection,
    query: Query,
    parameters: Mapping[str, ParameterValue],
    *,
    folder: Path,
) -> tuple[pa.Table, bool]:
    """The query's rows from tables and archive, and whether there were more than its limit."""
    values = dict(parameters)
    limit, since_ns = values["limit"], values["since_ns"]
    assert isinstance(limit, int)
    assert isinstance(since_ns, int)
    with read_snapshot(cursor, since_ns=since_ns - LONGEST_JOB_NS, folder=folder):
        table = cursor.sql(query.sql, params=values | {"limit": limit + 1}).to_arrow_table()
    whole = query.parameters["limit"] == ROW_LIMIT  # the others return the first few rows by design
    return table.slice(0, limit), whole and table.num_rows > limit


def query_batches(
    cursor: duckdb.DuckDBPyConnection,
    query: Query,
    parameters: Mapping[str, ParameterValue],
    *,
    folder: Path,
) -> Iterator[pa.RecordBatch]:
    """All of the query's rows, however many, from tables and archive."""
    values = dict(parameters) | {"limit": LATEST_NS}
    with read_snapshot(cursor, since_ns=0, folder=folder):
        yield from cursor.sql(query.sql, params=values).to_arrow_reader(BATCH_ROWS)


def parse_parameter(key: str, text: str, default: ParameterValue) -> ParameterValue:
    if key == "samples":
        return sampling.normalize_sampling_rules(text)
    if not isinstance(default, int):
        return text
    try:
        number = int(text)
    except ValueError:
        raise InputError(f"parameter {key!r}: {text!r} is not a whole number") from None
    low, high = PARAMETER_BOUNDS.get(key, (0, LATEST_NS))
    if not low <= number <= high:
        raise InputError(f"parameter {key!r}: {number} is not from {low} to {high}")
    return number
