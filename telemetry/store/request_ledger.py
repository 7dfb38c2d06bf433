"""Commits requests, and knows which are stored, so that a client's retry is not stored twice."""

import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from framegate.telemetry.otlp.origins import Origin, origin_rows
from framegate.telemetry.otlp.rows import DecodedRows
from framegate.telemetry.store.database import TABLES
from framegate.telemetry.store.inserts import insert_rows, roll_back_transaction

# At a hundred requests a second, the last forty minutes; SDKs retry for ten seconds, the
# OpenTelemetry Collector for five minutes. Counted, not timed: a clock may jump.
MAX_BODIES = 2**18
PRUNE_BATCH_SIZE = 2**14


@dataclass(frozen=True, slots=True)
class WriteBatch:
    """One request's rows on their way to disk; ``done`` resolves to the rows stored."""

    table_name: str
    rows: DecodedRows
    digest: bytes
    done: "Future[int]"


class RequestLedger:
    """The newest bodies, in the table ``ledger`` and in memory, and the known origins."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        rows = cursor.execute("SELECT body_sha256, number FROM ledger ORDER BY number").fetchall()
        self._bodies = {bytes.fromhex(digest): number for digest, number in rows}
        self._next = rows[-1][1] + 1 if rows else 1
        self._oldest = rows[0][1] if rows else 1
        origins = cursor.execute("SELECT origin_id FROM origins").fetchall()
        self._origins = {origin_id for (origin_id,) in origins}

    def commit_batches(
        self, cursor: duckdb.DuckDBPyConnection, group: Sequence[WriteBatch]
    ) -> list[int]:
        """Store a group in one transaction; returns each batch's stored rows, 0 for a retry."""
        fresh: dict[bytes, WriteBatch] = {}
        for batch in group:
            if batch.digest not in self._bodies:
                fresh.setdefault(batch.digest, batch)
        new = list(fresh.values())
        origins = self._new_origins(new)
        cursor.begin()
        try:
            for name in TABLES.values():
                tables = [batch.rows.table for batch in new if batch.table_name == name]
                insert_rows(cursor, name, tables)
            insert_rows(cursor, "origins", [origin_rows(origins)])
            counts = [batch.rows.table.num_rows for batch in new]
            insert_rows(cursor, "ledger", [self._rows(list(fresh), counts)])
            self._prune(cursor)
            cursor.commit()
        except BaseException:
            roll_back_transaction(cursor)
            raise
        for digest in fresh:
            self._bodies[digest] = self._next
            self._next += 1
        self._origins.update(origin.origin_id for origin in origins)
        return [
            batch.rows.table.num_rows if fresh.get(batch.digest) is batch else 0 for batch in group
        ]

    def _new_origins(self, batches: Sequence[WriteBatch]) -> list[Origin]:
        named = {origin.origin_id: origin for batch in batches for origin in batch.rows.origins}
        return [origin for number, origin in named.items() if number not in self._origins]

    def _rows(self, digests: Sequence[bytes], row_counts: Sequence[int]) -> pa.Table:
        """The table's rows for bodies that are about to be committed."""
        count = len(digests)
        return pa.table(
            {
                "body_sha256": [digest.hex() for digest in digests],
                "committed_time": pa.array([time.time_ns()] * count, pa.timestamp("ns")),
                "row_count": pa.array(row_counts, pa.int64()),
                "number": pa.array(range(self._next, self._next + count), pa.int64()),
            }
        )

    def _prune(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Delete the oldest bodies, in batches, inside the caller's transaction."""
        newest_forgotten = self._next - MAX_BODIES
        if newest_forgotten - self._oldest < PRUNE_BATCH_SIZE:
            return
        cursor.execute("DELETE FROM ledger WHERE number < $1", [newest_forgotten])
        self._bodies = {
            digest: number for digest, number in self._bodies.items() if number >= newest_forgotten
        }
        self._oldest = newest_forgotten
