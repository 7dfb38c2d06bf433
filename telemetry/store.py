"""The store: one DuckDB file, one writer thread, acknowledgement after commit."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute

from telemetry.errors import InputError
from telemetry.otlp import Signal
from telemetry.query import Query, Value

SCHEMA_VERSION = 1
FILE_NAME = "framegate.duckdb"
QUEUE_BYTES = 256 * 1024 * 1024
GROUP_SIZE = 64  # requests committed together; the cost of a commit is one fsync
VARIANT_COLUMNS = frozenset({"attributes", "resource", "events", "links", "exemplars"})
TABLES = {Signal.TRACES: "spans", Signal.LOGS: "events", Signal.METRICS: "metric_points"}
EVENT_TIME = {"spans": "start_time", "events": "event_time", "metric_points": "point_time"}
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    # Nothing is downloaded at run time; a large log keeps checkpoints out of the ingest path.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "wal_autocheckpoint": "256MB",
}

logger = logging.getLogger(__name__)


class StoreFullError(RuntimeError):
    """The store takes no more: its queue is full, or it is closing."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One request's rows on their way to disk; ``done`` resolves to the rows stored."""

    signal: Signal
    table: pa.Table
    body_sha256: str
    size_bytes: int
    done: "Future[int]"


@dataclass(frozen=True, slots=True)
class Reading:
    """A query's rows with the state of the store they were read from."""

    table: pa.Table
    commit: int
    watermark_ns: int | None
    read_ns: int


class Store:
    """Owns one database file; ``append`` and ``read`` may be called from any thread.

    ``on_commit`` is called from the writer thread with the number of each commit.
    """

    def __init__(self, folder: Path, *, queue_bytes: int = QUEUE_BYTES) -> None:
        self._connection = open_database(folder)
        self._queue: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._queue_limit = queue_bytes
        self._queued_bytes = 0
        self._closing = False
        self._lock = threading.Lock()
        self._commit = 1
        self._watermark_ns = newest_event_time(self._connection)
        self.on_commit: Callable[[int], None] = lambda _: None
        self._writer = threading.Thread(target=self._write, name="store-writer", daemon=True)
        self._writer.start()

    @property
    def queued_bytes(self) -> int:
        return self._queued_bytes

    @property
    def commit(self) -> int:
        """How many commits this process has made, the opening of the file included."""
        return self._commit

    @property
    def watermark_ns(self) -> int | None:
        """The newest event time stored, in Unix nanoseconds; None for an empty store.

        A sender whose clock is ahead of ours cannot push it past now.
        """
        return None if self._watermark_ns is None else min(self._watermark_ns, time.time_ns())

    def append(self, signal: Signal, table: pa.Table, *, body_sha256: str) -> "Future[int]":
        """Queue rows; the future resolves once they are committed, to how many were new.

        Raises StoreFullError when the queue has no room for them or the store is closing.
        """
        batch = Batch(signal, table, body_sha256, table.nbytes, Future())
        with self._lock:
            if self._closing:
                raise StoreFullError("the store is closing")
            if self._queued_bytes + batch.size_bytes > self._queue_limit:
                raise StoreFullError(f"{self._queued_bytes} bytes wait to be written")
            self._queued_bytes += batch.size_bytes
            self._queue.put(batch)
        return batch.done

    def read(self, query: Query, parameters: Mapping[str, Value]) -> Reading:
        """Run one named query on a snapshot; ingest goes on meanwhile."""
        commit, watermark_ns = self._commit, self.watermark_ns
        with self._connection.cursor() as cursor:
            table = cursor.sql(query.sql, params=dict(parameters)).to_arrow_table()
        return Reading(table, commit, watermark_ns, time.time_ns())

    def close(self) -> None:
        """Write what is queued, then close the file."""
        with self._lock:
            self._closing = True
            self._queue.put(None)
        self._writer.join()
        self._connection.close()

    def _write(self) -> None:
        cursor = self._connection.cursor()
        while True:
            group, ended = self._next_group()
            if group:
                self._settle(cursor, group)
            if ended:
                cursor.close()
                return

    def _next_group(self) -> tuple[list[Batch], bool]:
        """Everything that waits, up to one group; blocks until there is something."""
        group: list[Batch] = []
        item = self._queue.get()
        while item is not None:
            group.append(item)
            if len(group) == GROUP_SIZE or self._queue.empty():
                return group, False
            item = self._queue.get()
        return group, True

    def _settle(self, cursor: duckdb.DuckDBPyConnection, group: list[Batch]) -> None:
        """Commit a group and answer its clients; one bad batch does not fail its neighbours."""
        try:
            stored = commit_group(cursor, group)
        except (duckdb.Error, OSError, pa.ArrowException) as error:
            if len(group) > 1:
                for batch in group:
                    self._settle(cursor, [batch])
                return
            logger.exception("commit failed")
            self._release(group)
            group[0].done.set_exception(error)
            return
        self._watermark_ns = newest(self._watermark_ns, (batch.table for batch in group))
        self._commit += 1
        self._release(group)
        for batch, rows in zip(group, stored, strict=True):
            batch.done.set_result(rows)
        self.on_commit(self._commit)

    def _release(self, group: list[Batch]) -> None:
        with self._lock:
            self._queued_bytes -= sum(batch.size_bytes for batch in group)


def commit_group(cursor: duckdb.DuckDBPyConnection, group: list[Batch]) -> list[int]:
    """Store a group in one transaction; returns the new rows of each batch (0: a repeat)."""
    cursor.begin()
    try:
        known = known_bodies(cursor, [batch.body_sha256 for batch in group])
        stored = []
        fresh: dict[Signal, list[pa.Table]] = {}
        for batch in group:
            repeat = batch.body_sha256 in known
            known.add(batch.body_sha256)
            stored.append(0 if repeat else batch.table.num_rows)
            if not repeat:
                fresh.setdefault(batch.signal, []).append(batch.table)
        for signal, tables in fresh.items():
            insert(cursor, TABLES[signal], pa.concat_tables(tables))
        record_bodies(cursor, group)
        cursor.commit()
    except BaseException:
        cursor.rollback()
        raise
    return stored


def insert(cursor: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    columns = ", ".join(
        f"{name}::JSON::VARIANT AS {name}" if name in VARIANT_COLUMNS else f"{name} AS {name}"
        for name in rows.column_names
    )
    cursor.register("incoming", rows)
    # Table and column names are this module's own constants.
    cursor.execute(f"INSERT INTO {table} BY NAME SELECT {columns} FROM incoming")  # noqa: S608
    cursor.unregister("incoming")


def known_bodies(cursor: duckdb.DuckDBPyConnection, hashes: list[str]) -> set[str]:
    rows = cursor.execute(
        "SELECT body_sha256 FROM ledger WHERE list_contains($hashes, body_sha256)",
        {"hashes": hashes},
    ).fetchall()
    return {row[0] for row in rows}


def record_bodies(cursor: duckdb.DuckDBPyConnection, group: list[Batch]) -> None:
    rows = pa.table(
        {
            "body_sha256": [batch.body_sha256 for batch in group],
            "committed_time": pa.array([time.time_ns()] * len(group), pa.timestamp("ns")),
            "row_count": pa.array([batch.table.num_rows for batch in group], pa.int64()),
        }
    )
    insert(cursor, "ledger", rows)


def newest(watermark_ns: int | None, tables: Iterable[pa.Table]) -> int | None:
    """The newest time in the tables' first columns, or the watermark if that is newer."""
    times = [pa.compute.max(table.column(0)).value for table in tables if table.num_rows]
    known = [] if watermark_ns is None else [watermark_ns]
    return max([*known, *times], default=None)


def newest_event_time(connection: duckdb.DuckDBPyConnection) -> int | None:
    times = [
        connection.execute(f"SELECT epoch_ns(max({column})) FROM {table}").fetchall()[0][0]  # noqa: S608 - constants
        for table, column in EVENT_TIME.items()
    ]
    return max((time for time in times if time is not None), default=None)


def open_database(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open or create the folder's database file; raises InputError saying why it cannot."""
    path = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(str(path), config=SETTINGS)
    except (duckdb.Error, OSError) as error:
        raise InputError(f"store {path}: {error}") from error
    version = schema_version(connection)
    if version is None:
        connection.execute((Path(__file__).parent / "schema.sql").read_text())
        connection.execute("INSERT INTO schema_version VALUES (?)", [SCHEMA_VERSION])
    elif version != SCHEMA_VERSION:
        connection.close()
        raise InputError(
            f"store {path}: schema version {version}, this framegate reads {SCHEMA_VERSION}"
        )
    return connection


def schema_version(connection: duckdb.DuckDBPyConnection) -> int | None:
    """None for a database that holds no tables yet."""
    tables = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE table_name = 'schema_version'"
    ).fetchall()
    if not tables:
        return None
    row = connection.execute("SELECT version FROM schema_version").fetchone()
    return int(row[0]) if row else None
