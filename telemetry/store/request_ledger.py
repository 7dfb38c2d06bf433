"""Which request bodies are stored, so that a client's retry is not stored twice."""

import time
from collections.abc import Sequence

import duckdb
import pyarrow as pa

# At a hundred requests a second, the last forty minutes; SDKs retry for ten seconds, the
# OpenTelemetry Collector for five minutes. Counted, not timed: a clock may jump.
MAX_BODIES = 2**18
PRUNE_BATCH_SIZE = 2**14


class RequestLedger:
    """The newest bodies, in the table ``ledger`` and in memory."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        rows = cursor.execute("SELECT body_sha256, number FROM ledger ORDER BY number").fetchall()
        self._bodies = {bytes.fromhex(digest): number for digest, number in rows}
        self._next = rows[-1][1] + 1 if rows else 1
        self._oldest = rows[0][1] if rows else 1

    def contains(self, digest: bytes) -> bool:
        return digest in self._bodies

    def rows(self, digests: Sequence[bytes], row_counts: Sequence[int]) -> pa.Table:
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

    def prune(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Delete the oldest bodies, in batches, inside the caller's transaction."""
        newest_forgotten = self._next - MAX_BODIES
        if newest_forgotten - self._oldest < PRUNE_BATCH_SIZE:
            return
        cursor.execute("DELETE FROM ledger WHERE number < $1", [newest_forgotten])
        self._bodies = {
            digest: number for digest, number in self._bodies.items() if number >= newest_forgotten
        }
        self._oldest = newest_forgotten

    def add(self, digests: Sequence[bytes]) -> None:
        """Remember bodies that are committed."""
        for digest in digests:
            self._bodies[digest] = self._next
            self._next += 1
