"""Cancels a running query."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from framegate.telemetry.store.database import StoreUnavailableError

INTERRUPT_INTERVAL_SECONDS = 0.02


class CancelToken:
    """Cancels one query; may be used before the query has begun."""

    def __init__(self) -> None:
        self._why = ""
        self._asked = threading.Event()
        self._over = threading.Event()
        self._cursor: duckdb.DuckDBPyConnection | None = None

    def cancel(self, why: str) -> None:
        """End the query; its thread raises StoreUnavailableError with the reason."""
        self._why = why
        self._asked.set()
        if self._cursor is not None:
            threading.Thread(target=self._interrupt, args=(self._cursor,), daemon=True).start()

    def _interrupt(self, cursor: duckdb.DuckDBPyConnection) -> None:
        # An interrupt between two statements is lost, so it is repeated until the query is over.
        while not self._over.is_set():
            cursor.interrupt()
            self._over.wait(INTERRUPT_INTERVAL_SECONDS)

    @contextmanager
    def attach(self, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Around the query's use of the cursor."""
        self._cursor = cursor
        try:
            if self._asked.is_set():
                raise StoreUnavailableError(self._why)
            yield
        except duckdb.InterruptException as error:
            raise StoreUnavailableError(self._why) from error
        finally:
            self._over.set()
