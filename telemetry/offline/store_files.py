"""Reads and rewrites a store while no collector runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from framegate.telemetry.offline.otlp_lines import otlp_json_lines
from framegate.telemetry.otlp.bodies import Signal
from framegate.telemetry.platform.durable_files import fsync_path
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.store.database import (
    CATALOG,
    EVENT_TIME_COLUMNS,
    STORE_FILE_NAME,
    TABLES,
    archive_files,
    attach_archive,
    open_connection,
    open_for_reading,
    quote_path,
    schema_version,
)
from framegate.telemetry.store.named_queries import bind_query, query_batches, query_rows
from framegate.telemetry.store.retention import flat_rows_sql

COMPACT_FOLDER = "compacting"
SIGNAL_QUERIES = {Signal.TRACES: "spans", Signal.LOGS: "logs", Signal.METRICS: "metric_points"}


@dataclass(frozen=True, slots=True)
class SignalSummary:
    """A store's rows of one signal; times are Unix nanoseconds, None without rows."""

    signal: str
    rows: int
    first_ns: int | None
    last_ns: int | None
    archived_rows: int
    archived_files: int
    archived_bytes: int


@dataclass(frozen=True, slots=True)
class StoreInfo:
    schema_version: int | None
    file_bytes: int
    holdings: tuple[SignalSummary, ...]


def store_info(folder: Path) -> StoreInfo:
    """A store's contents; changes nothing."""
    with open_for_reading(folder) as connection:
        files = archive_files(connection)
        holdings = []
        for signal, table in TABLES.items():
            column = EVENT_TIME_COLUMNS[table]
            count, first_ns, last_ns = connection.execute(
                f"SELECT count(*), epoch_ns(min({column})), epoch_ns(max({column})) FROM {table}"  # noqa: S608 - constants
            ).fetchall()[0]
            cold = [file for file in files if file.signal == signal]
            holdings.append(
                SignalSummary(
                    signal,
                    count,
                    first_ns,
                    last_ns,
                    sum(file.row_count for file in cold),
                    len(cold),
                    sum(file.size_bytes for file in cold),
                )
            )
        return StoreInfo(schema_version(connection), file_bytes(folder), tuple(holdings))


def file_bytes(folder: Path) -> int:
    paths = (folder / STORE_FILE_NAME, folder / f"{STORE_FILE_NAME}.wal")
    return sum(path.stat().st_size for path in paths if path.exists())


def otlp_lines(folder: Path, signal: Signal, *, since_ns: int, until_ns: int) -> Iterator[bytes]:
    """The signal's rows, from tables and archive, as OTLP JSON lines."""
    query, parameters = bind_query(
        SIGNAL_QUERIES[signal], {"since_ns": str(since_ns), "until_ns": str(until_ns)}
    )
    with open_for_reading(folder) as connection:
        yield from otlp_json_lines(
            query_batches(connection, query, parameters, folder=folder), signal
        )


def parse_parameters(texts: list[str]) -> dict[str, str]:
    """The parameters of texts such as ``model=ref-1``; raises InputError naming a bad one."""
    for text in texts:
        if "=" not in text:
            raise InputError(f"parameter {text!r}: expected NAME=VALUE")
    return dict(text.split("=", 1) for text in texts)


def run_query(folder: Path, name: str, given: Mapping[str, str]) -> pa.Table:
    """A named query's rows, from tables and archive; raises InputError naming what is wrong."""
    query, parameters = bind_query(name, given)
    with open_for_reading(folder) as connection:
        table, truncated = query_rows(connection, query, parameters, folder=folder)
    if truncated and "limit" not in given:
        raise InputError(
            f"query {name!r} has more rows than the limit; set limit or a shorter time range"
        )
    return table


def write_parquet(folder: Path, signal: Signal, out: Path, *, since_ns: int, until_ns: int) -> None:
    """Write the signal's rows, from tables and archive, to a Parquet file; attributes as JSON."""
    table = TABLES[signal]
    column = EVENT_TIME_COLUMNS[table]
    source = (
        f"SELECT * FROM {table} WHERE {column} BETWEEN "  # noqa: S608 - constants and numbers
        f"make_timestamp_ns({since_ns:d}) AND make_timestamp_ns({until_ns:d})"
    )
    with open_for_reading(folder) as connection:
        attach_archive(connection, since_ns=since_ns, folder=folder)
        connection.execute(
            f"COPY ({flat_rows_sql(connection, table, source)} ORDER BY {column}) "
            f"TO {quote_path(out)} (FORMAT parquet, COMPRESSION zstd)"
        )


def compact_store(folder: Path) -> tuple[int, int]:
    """Rewrite the file in time order and without gaps; returns its bytes before and after.

    The new file replaces the old one once all of it is on disk; until then nothing changes.
    """
    path, new = folder / STORE_FILE_NAME, folder / COMPACT_FOLDER / STORE_FILE_NAME
    if not path.exists():
        raise InputError(f"store {path}: no such file")
    before = file_bytes(folder)
    new.parent.mkdir(exist_ok=True)
    new.unlink(missing_ok=True)
    with open_exclusive(folder) as old:
        version = schema_version(old)
        old.execute("CHECKPOINT")  # now the log is empty, and the file alone is the store
        old.execute(f"ATTACH {quote_path(new)} AS compacted")
        old.execute(f"COPY FROM DATABASE {CATALOG} TO compacted (SCHEMA)")
        for (table,) in old.execute(
            f"SELECT table_name FROM duckdb_tables() WHERE database_name = '{CATALOG}'"  # noqa: S608 - a constant
        ).fetchall():
            order = f"ORDER BY {EVENT_TIME_COLUMNS[table]}" if table in EVENT_TIME_COLUMNS else ""
            old.execute(
                f"INSERT INTO compacted.{table} SELECT * FROM {CATALOG}.main.{table} {order}"  # noqa: S608 - the schema's own names
            )
        old.execute("CHECKPOINT compacted")
        old.execute("DETACH compacted")
    if version != schema_version_of(new):
        raise InputError(f"store {path}: compaction failed, the store is unchanged")
    fsync_path(new)
    new.replace(path)
    fsync_path(folder)
    new.parent.rmdir()
    return before, file_bytes(folder)


def open_exclusive(folder: Path) -> duckdb.DuckDBPyConnection:
    try:
        return open_connection(folder)
    except duckdb.Error as error:
        raise InputError(f"store {folder / STORE_FILE_NAME}: {error}") from error


def schema_version_of(path: Path) -> int | None:
    with open_connection(path.parent, read_only=True) as connection:
        return schema_version(connection)
