"""The named queries: the only way to read the store from outside."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.store import sampling
from framegate.telemetry.store.archive import span_archive

FOLDER = Path(__file__).parent / "queries"
LATEST_NS = 2**63 - 2  # the last value is DuckDB's "infinity"
ROW_LIMIT = 1_000_000
BATCH_ROWS, STREAM_ROWS = 8192, 131_072
LONGEST_JOB_NS = 86_400 * 10**9  # how far back a job's earlier events are looked for

Value = str | int | None


@dataclass(frozen=True, slots=True)
class Query:
    """One named query; ``parameters`` maps each name to its default (None: any text)."""

    sql: str
    parameters: Mapping[str, Value]
    name: str = ""


TIMES: Mapping[str, Value] = {"since_ns": 0, "until_ns": LATEST_NS, "limit": ROW_LIMIT}
BOUNDS = {"limit": (0, ROW_LIMIT), "step_seconds": (1, 86_400), "severity": (0, 24)}
WHICH_SPANS: Mapping[str, Value] = {"service": None, "name": None, "model": None}
DECLARED: Mapping[str, Mapping[str, Value]] = {
    "jobs": {
        **TIMES,
        "state": None,
        "model": None,
        "job_id": None,
        "longest_job_ns": LONGEST_JOB_NS,
    },
    "unscored": {"since_ns": 0, "limit": ROW_LIMIT, "samples": "[]"},
    "scores": {**TIMES, "metric": None, "model": None, "job_id": None},
    "client_outcomes": TIMES,
    "rates": {**TIMES, **WHICH_SPANS, "step_seconds": 60},
    "durations": {**TIMES, **WHICH_SPANS},
    "errors": {**TIMES, "service": None, "model": None},
    "slowest": {**TIMES, **WHICH_SPANS, "limit": 50},
    "spans": {**TIMES, "trace_id": None, "job_id": None},
    "logs": {
        **TIMES,
        "trace_id": None,
        "job_id": None,
        "name": None,
        "service": None,
        "severity": 0,
    },
    "metric_points": {**TIMES, "metric": None},
}
QUERIES = {
    name: Query((FOLDER / f"{name}.sql").read_text(), parameters, name)
    for name, parameters in DECLARED.items()
}


def bind(name: str, given: Mapping[str, str]) -> tuple[Query, dict[str, Value]]:
    """The named query and its parameters' values; raises InputError naming what is wrong."""
    if name not in QUERIES:
        raise InputError(f"query {name!r} is unknown; known: {', '.join(QUERIES)}")
    query = QUERIES[name]
    unknown = sorted(set(given) - set(query.parameters))
    if unknown:
        known = ", ".join(query.parameters)
        raise InputError(f"query {name!r} has no parameter {unknown[0]!r}; known: {known}")
    values = dict(query.parameters)
    values.update({key: parsed(key, text, values[key]) for key, text in given.items()})
    return query, values


def rows(
    cursor: duckdb.DuckDBPyConnection,
    query: Query,
    parameters: Mapping[str, Value],
    *,
    folder: Path,
) -> tuple[pa.Table, bool]:
    """The query's rows from tables and archive, and whether there were more than its limit."""
    values = dict(parameters)
    limit, since_ns = values["limit"], values["since_ns"]
    assert isinstance(limit, int)
    assert isinstance(since_ns, int)
    cursor.begin()  # one snapshot: a row is in a table or in the archive
    try:
        span_archive(cursor, since_ns=since_ns - LONGEST_JOB_NS, folder=folder)
        table = cursor.sql(query.sql, params=values | {"limit": limit + 1}).to_arrow_table()
    finally:
        cursor.rollback()
    whole = query.parameters["limit"] == ROW_LIMIT  # others ask for the first few by design
    return table.slice(0, limit), whole and table.num_rows > limit


def batches(
    cursor: duckdb.DuckDBPyConnection,
    query: Query,
    parameters: Mapping[str, Value],
    *,
    folder: Path,
) -> Iterator[pa.RecordBatch]:
    """All of the query's rows, however many, from tables and archive."""
    cursor.begin()
    try:
        span_archive(cursor, since_ns=0, folder=folder)
        cursor.execute(query.sql, dict(parameters) | {"limit": LATEST_NS})
        reader: pa.RecordBatchReader = cursor.to_arrow_reader(BATCH_ROWS)
        yield from reader
    finally:
        cursor.rollback()


@contextmanager
def streamed(
    cursor: duckdb.DuckDBPyConnection,
    sql: str,
    parameters: Mapping[str, Any],
    *,
    since_ns: int,
    folder: Path,
) -> Iterator[pa.RecordBatchReader]:
    """The rows of SQL of our own, from tables and archive since a time, as they are made."""
    cursor.begin()
    try:
        span_archive(cursor, since_ns=since_ns, folder=folder)
        given = {name: value for name, value in parameters.items() if f"${name}" in sql}
        yield cursor.sql(sql, params=given).to_arrow_reader(STREAM_ROWS)
    finally:
        cursor.rollback()


def parsed(key: str, text: str, default: Value) -> Value:
    if key == "samples":
        return sampling.checked(text)
    if not isinstance(default, int):
        return text
    try:
        number = int(text)
    except ValueError:
        raise InputError(f"parameter {key!r}: {text!r} is not a whole number") from None
    low, high = BOUNDS.get(key, (0, LATEST_NS))
    if not low <= number <= high:
        raise InputError(f"parameter {key!r}: {number} is out of range")
    return number
