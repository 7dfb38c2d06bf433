"""Parquet files of rows that retention moved out of the tables; queries read both as one."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from framegate.telemetry.platform.durable_files import fsync_path
from framegate.telemetry.store.database import CATALOG, EVENT_TIME_COLUMNS, TABLES, VARIANT_COLUMNS
from framegate.telemetry.store.inserts import columns_sql

ARCHIVE_FOLDER = "archive"
PARTIAL_SUFFIX = ".partial"  # while a file is written


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """One file of a signal's oldest rows; ``file`` is relative to the store's folder."""

    signal: str
    file: str
    first_ns: int
    last_ns: int
    row_count: int
    size_bytes: int


def archive_files(cursor: duckdb.DuckDBPyConnection) -> list[ArchiveFile]:
    rows = cursor.execute(
        "SELECT signal, file, epoch_ns(first_time), epoch_ns(last_time), row_count, size_bytes "
        "FROM archive ORDER BY first_time"
    ).fetchall()
    return [ArchiveFile(*row) for row in rows]


def archive_rows(
    cursor: duckdb.DuckDBPyConnection, signal: str, *, before_ns: int, folder: Path
) -> ArchiveFile | None:
    """Move the rows before a time into one Parquet file, all or none; None if there are no rows.

    The file is on disk before the rows leave the table; rows that arrive late stay in the table.
    Attributes, resource and scope are JSON text in the file, so that any tool can read it.
    """
    cursor.begin()
    try:
        moved = copy_to_parquet(cursor, signal, before_ns=before_ns, folder=folder)
        if moved:
            replace_rows_with_file(cursor, moved, before_ns=before_ns)
        cursor.commit()
    except BaseException:
        cursor.rollback()
        raise
    return moved


def copy_to_parquet(
    cursor: duckdb.DuckDBPyConnection, signal: str, *, before_ns: int, folder: Path
) -> ArchiveFile | None:
    table = TABLES[signal]
    column = EVENT_TIME_COLUMNS[table]
    before = f"make_timestamp_ns({before_ns:d})"
    source = f"SELECT * FROM {CATALOG}.main.{table} WHERE {column} < {before}"  # noqa: S608 - constants and a number
    count, first_ns, last_ns = cursor.execute(
        f"SELECT count(*), epoch_ns(min({column})), epoch_ns(max({column})) FROM ({source})"  # noqa: S608 - constants and a number
    ).fetchall()[0]
    if not count:
        return None
    # When rows arrive late, the same time can be exported twice.
    path = folder / ARCHIVE_FOLDER / signal / f"{first_ns:d}-{last_ns:d}-{time.time_ns():d}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(PARTIAL_SUFFIX)
    cursor.execute(
        f"COPY ({flat_rows_sql(cursor, table, source)} ORDER BY {column}) TO {quote_path(partial)} "
        "(FORMAT parquet, COMPRESSION zstd)"
    )
    fsync_path(partial)
    partial.rename(path)
    fsync_path(path.parent)
    size_bytes = path.stat().st_size
    return ArchiveFile(signal, str(path.relative_to(folder)), first_ns, last_ns, count, size_bytes)


def flat_rows_sql(cursor: duckdb.DuckDBPyConnection, table: str, source: str) -> str:
    """The rows with their origin, and JSON text where the table has VARIANT."""
    columns = [row[0] for row in cursor.execute(f"DESCRIBE {CATALOG}.main.{table}").fetchall()]
    shown = [
        *(select_expression(f"rows.{name}", name) for name in columns),
        *(
            select_expression(f"origins.{name}", name)
            for name in ("resource", "scope", "scope_version", "scope_attributes", "schema_url")
        ),
    ]
    return (
        f"SELECT {', '.join(shown)} FROM ({source}) AS rows "  # noqa: S608 - the schema's own names
        f"LEFT JOIN {CATALOG}.main.origins AS origins USING (origin_id)"
    )


def select_expression(expression: str, name: str) -> str:
    if name in VARIANT_COLUMNS:
        return f"CAST(CAST({expression} AS JSON) AS VARCHAR) AS {name}"
    return f"{expression} AS {name}"


def replace_rows_with_file(
    cursor: duckdb.DuckDBPyConnection, moved: ArchiveFile, *, before_ns: int
) -> None:
    cursor.execute(
        "INSERT INTO archive VALUES ($1, $2, make_timestamp_ns($3), make_timestamp_ns($4), $5, $6)",
        [
            moved.signal,
            moved.file,
            moved.first_ns,
            moved.last_ns,
            moved.row_count,
            moved.size_bytes,
        ],
    )
    table, column = TABLES[moved.signal], EVENT_TIME_COLUMNS[TABLES[moved.signal]]
    cursor.execute(
        f"DELETE FROM {CATALOG}.main.{table} WHERE {column} < make_timestamp_ns($1)",  # noqa: S608 - constants
        [before_ns],
    )


@contextmanager
def read_snapshot(
    cursor: duckdb.DuckDBPyConnection, *, since_ns: int, folder: Path
) -> Iterator[None]:
    """One snapshot of tables and archive since a time, in which each row is in one of them."""
    cursor.begin()
    try:
        attach_archive(cursor, since_ns=since_ns, folder=folder)
        yield
    finally:
        cursor.rollback()


def attach_archive(cursor: duckdb.DuckDBPyConnection, *, since_ns: int, folder: Path) -> None:
    """Add the archived rows since ``since_ns`` to the cursor's tables.

    Temporary views shadow the tables, for this cursor only.
    """
    files = [file for file in archive_files(cursor) if file.last_ns >= since_ns]
    for signal, table in TABLES.items():
        paths = [folder / file.file for file in files if file.signal == signal]
        if paths:
            cursor.execute(union_view_sql(cursor, table, paths))


def union_view_sql(cursor: duckdb.DuckDBPyConnection, table: str, paths: Iterable[Path]) -> str:
    """The table and its files; columns that an older file lacks are NULL."""
    listed = ", ".join(quote_path(path) for path in paths)
    files = f"read_parquet([{listed}], union_by_name = true)"
    described = (f"DESCRIBE {CATALOG}.main.{table}", f"DESCRIBE SELECT * FROM {files}")  # noqa: S608 - paths are quoted
    ours, theirs = ([row[0] for row in cursor.execute(sql).fetchall()] for sql in described)
    cold = columns_sql(name for name in ours if name in theirs)
    return (
        f"CREATE OR REPLACE TEMP VIEW {table} AS SELECT * FROM {CATALOG}.main.{table} "  # noqa: S608 - the schema's own names
        f"UNION ALL BY NAME SELECT {cold} FROM {files}"
    )


def quote_path(path: Path) -> str:
    """A path as an SQL literal."""
    return "'" + str(path.resolve()).replace("'", "''") + "'"


def remove_partial_files(folder: Path) -> None:
    """Remove files that a crash left incomplete.

    Complete files stay, even if no row of ``archive`` names them: when a store file was restored
    from a backup, they hold rows that it lacks.
    """
    for path in (folder / ARCHIVE_FOLDER).glob(f"*/*{PARTIAL_SUFFIX}"):
        path.unlink()
