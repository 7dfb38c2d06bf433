"""The store: one DuckDB file, one writer thread, acknowledgement after commit."""

import logging
import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, ParamSpec

import duckdb
import pyarrow as pa

from framegate.telemetry.otlp.bodies import Signal
from framegate.telemetry.otlp.rows import DecodedRows
from framegate.telemetry.store.database import (
    TABLES,
    Database,
    StoreUnavailableError,
    newest_event_time,
    read_snapshot,
)
from framegate.telemetry.store.inserts import newest_time
from framegate.telemetry.store.interrupt import CancelToken
from framegate.telemetry.store.named_queries import ParameterValue, Query, query_rows
from framegate.telemetry.store.request_ledger import RequestLedger, WriteBatch
from framegate.telemetry.store.store_result import StoreResult

GROUP_ROWS = 4096  # rows committed together; larger groups save no time and delay the first rows
FREE_BYTES = 256_000_000  # below this much free disk the store takes no more rows
STREAM_ROWS = 131_072  # in one batch
RECOVERY_SECONDS = 1.0
IDLE_LOG_BYTES, LOG_BYTES = 8 * 2**20, 16 * 2**20  # when a checkpoint is due
# A disk that fails. After some of these the file must be reopened, and the group that was being
# committed may or may not be stored.
FATAL_ERRORS = (
    duckdb.FatalException,
    duckdb.InternalException,
    duckdb.IOException,
    duckdb.TransactionException,
)

Arguments = ParamSpec("Arguments")

logger = logging.getLogger(__name__)


class Listeners(Generic[Arguments]):
    """Any number of functions; may be added and removed from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: tuple[Callable[Arguments, None], ...] = ()

    def add(self, listener: Callable[Arguments, None]) -> Callable[[], None]:
        """Call this function too; returns the function that ends it."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def remove() -> None:
            with self._lock:
                # By equality: a bound method is a new object each time it is named.
                self._listeners = tuple(one for one in self._listeners if one != listener)

        return remove

    def notify(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        """Call all of them; an error of one is logged, and the others are still called."""
        for listener in self._listeners:
            try:
                listener(*args, **kwargs)
            except Exception:  # the commit is done, and the next listener needs it too
                logger.exception("listener failed")


class Store:
    """Owns one database file; ``append`` and ``read`` may be called from any thread.

    Listeners are called from the writer thread: those of ``commits`` with the seconds that a
    commit took, those of ``committed_rows`` with a table's name and the rows just committed.
    A request that is sent again can bring the same rows a second time.
    """

    def __init__(self, folder: Path, *, free_bytes: int = FREE_BYTES) -> None:
        self.folder = folder
        self._free_bytes = free_bytes
        self.database = Database(folder)
        self._queue: queue.SimpleQueue[WriteBatch | None] = queue.SimpleQueue()
        self._closing = False
        self._lock = threading.Lock()
        self._commit = 1
        self._watermark_ns = newest_event_time(self.database.writer)
        self._ledger = RequestLedger(self.database.writer)
        self.commits = Listeners[float]()
        self.committed_rows = Listeners[str, pa.Table]()
        self._writer = threading.Thread(target=self._run_writer, name="store-writer", daemon=True)
        self._writer.start()

    @property
    def commit(self) -> int:
        """Number of commits of this process; opening the file counts as the first."""
        return self._commit

    @property
    def watermark_ns(self) -> int | None:
        """The newest event time stored, in Unix nanoseconds; None for an empty store.

        A sender whose clock is ahead of ours cannot push it past now.
        """
        return None if self._watermark_ns is None else min(self._watermark_ns, time.time_ns())

    @property
    def write_error(self) -> str | None:
        """Why nothing can be stored now; None when the store is writable."""
        free = shutil.disk_usage(self.folder).free
        if free < self._free_bytes:
            return f"{free} bytes free on the disk of {self.folder}, {self._free_bytes} required"
        if not self._writer.is_alive():
            return "the writer thread has stopped"
        return self.database.write_error

    @property
    def size_bytes(self) -> int:
        """Size of the file and its log on the disk."""
        return self.database.file_bytes + self.database.log_bytes

    def append(self, signal: Signal, new: DecodedRows, *, digest: bytes) -> "Future[int]":
        """Queue rows; the future resolves once they are committed, to how many were new.

        Raises StoreUnavailableError when nothing can be stored now, or the store is closing.
        """
        trouble = self.write_error
        if trouble:
            raise StoreUnavailableError(trouble)
        batch = WriteBatch(TABLES[signal], new, digest, Future())
        batch.done.set_running_or_notify_cancel()  # a caller that disconnects cannot cancel it
        with self._lock:
            if self._closing:
                raise StoreUnavailableError("the store is closing")
            self._queue.put(batch)
        return batch.done

    def read(
        self,
        query: Query,
        parameters: Mapping[str, ParameterValue],
        *,
        stop: CancelToken | None = None,
    ) -> StoreResult:
        """Run one named query on a snapshot; ingest goes on meanwhile.

        Raises StoreUnavailableError when the file cannot be read, or ``stop`` canceled the query.
        """
        with self.database.read_cursor() as cursor, (stop or CancelToken()).attach(cursor):
            return self._read(cursor, query, parameters)

    @contextmanager
    def stream_rows(
        self, sql: str, parameters: Mapping[str, Any], since_ns: int
    ) -> Iterator[pa.RecordBatchReader]:
        """Rows of internal SQL since a time; raises StoreUnavailableError as ``read`` does."""
        given = {name: value for name, value in parameters.items() if f"${name}" in sql}
        with (
            self.database.read_cursor() as cursor,
            read_snapshot(cursor, since_ns=since_ns, folder=self.folder),
        ):
            yield cursor.sql(sql, params=given).to_arrow_reader(STREAM_ROWS)

    def _read(
        self,
        cursor: duckdb.DuckDBPyConnection,
        query: Query,
        parameters: Mapping[str, ParameterValue],
    ) -> StoreResult:
        commit, watermark_ns = self._commit, self.watermark_ns
        table, truncated = query_rows(cursor, query, parameters, folder=self.folder)
        return StoreResult(table, commit, watermark_ns, time.time_ns(), truncated)

    def close(self) -> None:
        """Write what is queued, then close the file."""
        with self._lock:
            self._closing = True
            self._queue.put(None)
        self._writer.join()
        self.database.close()

    def _run_writer(self) -> None:
        ended = False
        while not ended:
            group, ended = self._next_group()
            if group:
                self._commit_and_resolve(group)
                self._checkpoint_if_due()
            elif self.database.write_error and not ended:
                self._recover()

    def _next_group(self) -> tuple[list[WriteBatch], bool]:
        """The queued batches, up to one group, and whether the store is closing.

        Waits for a batch, but only a second while the file is not writable.
        """
        group: list[WriteBatch] = []
        count = 0
        try:
            item = self._queue.get(timeout=RECOVERY_SECONDS if self.database.write_error else None)
            while item is not None:
                group.append(item)
                count += item.rows.table.num_rows
                if count >= GROUP_ROWS:
                    return group, False
                item = self._queue.get_nowait()
        except queue.Empty:
            return group, False
        return group, True

    def _checkpoint_if_due(self) -> None:
        """Move the log into the file when no batch waits, or when the log has become long.

        A failed checkpoint leaves the log unchanged; the next commit reports what is broken.
        """
        if self.database.log_bytes < (IDLE_LOG_BYTES if self._queue.empty() else LOG_BYTES):
            return
        try:
            self.database.writer.execute("CHECKPOINT")
        except duckdb.Error as error:
            logger.warning("cannot write a checkpoint: %s", error)

    def _recover(self) -> None:
        try:
            self.database.reopen()
            self._ledger = RequestLedger(self.database.writer)
        except (StoreUnavailableError, duckdb.Error) as error:
            self.database.write_error = str(error)
            logger.warning("the store is still not writable: %s", error)
            return
        logger.warning("the store is writable again")

    def _commit_and_resolve(self, group: list[WriteBatch]) -> None:
        """Commit a group and resolve its futures; a bad batch does not fail the others."""
        started = time.perf_counter()
        try:
            stored = self._commit_with_reopen(group)
        except Exception as error:
            if len(group) > 1 and not self.database.write_error:
                for batch in group:
                    self._commit_and_resolve([batch])
                return
            if not isinstance(error, StoreUnavailableError):
                logger.exception("cannot store a request")
            for batch in group:
                batch.done.set_exception(error)
            return
        self._watermark_ns = newest_time(self._watermark_ns, (batch.rows.table for batch in group))
        for batch in group:
            self.committed_rows.notify(batch.table_name, batch.rows.table)
        self._commit += 1
        for batch, count in zip(group, stored, strict=True):
            batch.done.set_result(count)
        self.commits.notify(time.perf_counter() - started)

    def _commit_with_reopen(self, group: list[WriteBatch]) -> list[int]:
        """Store a group; reopen the file after a failure, whose ledger says what is stored."""
        if self.database.write_error:
            self.database.reopen()
            self._ledger = RequestLedger(self.database.writer)
        try:
            return self._ledger.commit_batches(self.database.writer, group)
        except FATAL_ERRORS as error:
            logger.warning("reopening the store file: %s", error)
            self.database.reopen()
            self._ledger = RequestLedger(self.database.writer)
            return self._ledger.commit_batches(self.database.writer, group)
