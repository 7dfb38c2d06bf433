"""The store's DuckDB file: opens, migrates and reopens it, and reads it and its archive as one."""

import logging
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from framegate.telemetry.platform.errors import InputError

HERE = Path(__file__).parent
SCHEMA_VERSION = 3
CATALOG = "framegate"  # DuckDB's name for a file is its stem
STORE_FILE_NAME = f"{CATALOG}.duckdb"
TABLES: Mapping[str, str] = {"traces": "spans", "logs": "events", "metrics": "metric_points"}
EVENT_TIME_COLUMNS: Mapping[str, str] = {
    "spans": "start_time",
    "events": "event_time",
    "metric_points": "point_time",
}
VARIANT_COLUMNS = frozenset({"attributes", "resource", "scope_attributes"})
DUCKDB_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    # Nothing is downloaded at run time.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    # A checkpoint stops commits for about 4 ms per MiB of log, so the store makes them itself, in
    # idle moments, and this bound is for when it cannot. Merging small row groups, which is called
    # vacuuming, takes seconds; `framegate telemetry compact` merges them instead.
    "wal_autocheckpoint": "64MB",
    "max_vacuum_tasks": "0",
    # One processor is left to decoding, whose thread never waits.
    "threads": str(max(1, (os.cpu_count() or 1) - 1)),
}

logger = logging.getLogger(__name__)


class StoreUnavailableError(ConnectionError):
    """The store cannot do this now; the same request may work later."""


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """One file of a signal's oldest rows; ``file`` is relative to the store's folder."""

    signal: str
    file: str
    first_ns: int
    last_ns: int
    row_count: int
    size_bytes: int


class Database:
    """One file with one writing cursor and any number of readers.

    ``write_error`` says why nothing can be written, None when writing works.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changed = threading.Condition()
        self._readers = 0
        self._connection: duckdb.DuckDBPyConnection | None = open_database(folder)
        self.writer = self._connection.cursor()
        self.write_error: str | None = None

    @contextmanager
    def read_cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor for one reader; raises StoreUnavailableError while the file cannot be opened."""
        with self._changed:
            if self._connection is None:
                raise StoreUnavailableError(self.write_error or "the store is closed")
            cursor = self._connection.cursor()
            self._readers += 1
        try:
            yield cursor
        finally:
            cursor.close()
            with self._changed:
                self._readers -= 1
                self._changed.notify_all()

    @property
    def file_bytes(self) -> int:
        return file_size(self._folder / STORE_FILE_NAME)

    @property
    def log_bytes(self) -> int:
        """Size of the write-ahead log: what is committed and not yet moved into the file."""
        return file_size(self._folder / f"{STORE_FILE_NAME}.wal")

    def reopen(self) -> None:
        """Close and open the file once its readers have finished.

        Tries to write to it; raises StoreUnavailableError when that fails, and the file may still
        be read.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._readers == 0)
            self._close()
            try:
                self._connection = open_database(self._folder)
                self.writer = self._connection.cursor()
                self.writer.execute("CREATE OR REPLACE TABLE written (written_time TIMESTAMP)")
                self.writer.execute("DROP TABLE written")
            except (InputError, duckdb.Error) as error:
                self.write_error = str(error)
                self._close()
                with suppress(duckdb.Error):
                    self._connection = open_connection(self._folder, read_only=True)
                raise StoreUnavailableError(self.write_error) from error
            self.write_error = None

    def close(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._readers == 0)
            self._close()

    def _close(self) -> None:
        if self._connection is None:
            return
        for handle in (self.writer, self._connection):  # an open handle keeps the file locked
            try:
                handle.close()
            except duckdb.Error as error:
                logger.warning("error while closing the store file: %s", error)
        self._connection = None


def open_connection(folder: Path, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        str(folder / STORE_FILE_NAME), read_only=read_only, config=DUCKDB_SETTINGS
    )


def open_database(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open, create or migrate the folder's file; raises InputError with the reason."""
    path = folder / STORE_FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        connection = open_connection(folder)
    except (duckdb.Error, OSError) as error:
        raise InputError(f"store {path}: {error}") from error
    try:
        migrate_schema(connection)
    except (duckdb.Error, InputError) as error:
        connection.close()
        raise InputError(f"store {path}: {error}") from error
    return connection


def open_for_reading(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open the file read-only, while no collector runs.

    Raises InputError when there is no file, a collector has it open, or its schema differs.
    """
    path = folder / STORE_FILE_NAME
    if not path.exists():
        raise InputError(f"store {path}: no such file")
    try:
        connection = open_connection(folder, read_only=True)
        version = schema_version(connection)
    except duckdb.Error as error:
        raise InputError(f"store {path}: {error}") from error
    if version != SCHEMA_VERSION:
        connection.close()
        raise InputError(
            f"store {path}: schema version {version}, but this framegate reads {SCHEMA_VERSION}; "
            "a collector migrates an older store when it starts"
        )
    return connection


def migrate_schema(connection: duckdb.DuckDBPyConnection) -> None:
    """Migrate the schema to this version in one transaction; a newer one raises InputError."""
    version = schema_version(connection)
    if version == SCHEMA_VERSION:
        return
    if version is not None and not 1 <= version < SCHEMA_VERSION:
        raise InputError(
            f"schema version {version} is not supported by this framegate (1 to {SCHEMA_VERSION})"
        )
    connection.begin()
    if version is None:
        connection.execute((HERE / "schema.sql").read_text())
        connection.execute("INSERT INTO schema_version VALUES ($1)", [SCHEMA_VERSION])
    else:
        for step in range(version + 1, SCHEMA_VERSION + 1):
            connection.execute((HERE / "migrations" / f"{step}.sql").read_text())
        connection.execute("UPDATE schema_version SET version = $1", [SCHEMA_VERSION])
        logger.info("store migrated from schema version %d to %d", version, SCHEMA_VERSION)
    connection.commit()


def schema_version(connection: duckdb.DuckDBPyConnection) -> int | None:
    """None for a database without tables."""
    tables = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE table_name = 'schema_version'"
    ).fetchall()
    if not tables:
        return None
    row = connection.execute("SELECT version FROM schema_version").fetchone()
    return int(row[0]) if row else None


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


def archive_files(cursor: duckdb.DuckDBPyConnection) -> list[ArchiveFile]:
    rows = cursor.execute(
        "SELECT signal, file, epoch_ns(first_time), epoch_ns(last_time), row_count, size_bytes "
        "FROM archive ORDER BY first_time"
    ).fetchall()
    return [ArchiveFile(*row) for row in rows]


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


def columns_sql(names: Iterable[str]) -> str:
    """SELECT list that casts JSON text to the types of the store's tables."""
    return ", ".join(
        f"{name}::JSON::VARIANT AS {name}" if name in VARIANT_COLUMNS else f"{name} AS {name}"
        for name in names
    )


def quote_path(path: Path) -> str:
    """A path as an SQL literal."""
    return "'" + str(path.resolve()).replace("'", "''") + "'"


def newest_event_time(cursor: duckdb.DuckDBPyConnection) -> int | None:
    """The newest event of all signals, in Unix nanoseconds; None for an empty store."""
    times = [
        cursor.execute(f"SELECT epoch_ns(max({column})) FROM {table}").fetchall()[0][0]  # noqa: S608 - constants
        for table, column in EVENT_TIME_COLUMNS.items()
    ]
    return max((time for time in times if time is not None), default=None)


def file_size(path: Path) -> int:
    """In bytes; 0 for a file that does not exist."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
