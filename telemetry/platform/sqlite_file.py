"""One SQLite file of this process: opened with its tables, shared between threads."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from framegate.telemetry.platform.errors import InputError

# A transaction is on the disk when it returns, also if the machine loses power.
DURABLE_STATEMENTS = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL")


class SqliteFile:
    """Raises InputError naming the file, and what it is, when it cannot be used."""

    def __init__(self, path: Path, tables: Iterable[str], *, name: str) -> None:
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            for statement in (*DURABLE_STATEMENTS, *tables):
                self._connection.execute(statement)
        except (OSError, sqlite3.Error) as error:
            raise InputError(f"{name} {path}: {error}") from error

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def fetch_all(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; no other thread reads or writes meanwhile."""
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection
