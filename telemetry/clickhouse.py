"""The named queries over ClickHouse tables that the OpenTelemetry Collector's exporter fills."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from telemetry.database import UnavailableError
from telemetry.errors import InputError
from telemetry.query import QUERIES, ROW_LIMIT, Query, Value
from telemetry.reading import Reading

FOLDER = Path(__file__).parent / "queries" / "clickhouse"
SQL = {name: (FOLDER / f"{name}.sql").read_text() for name in QUERIES}
TABLES = ("otel_traces", "otel_logs")
# Rows come and go; when their number or their newest time changes, readers should look again.
STATE = """
SELECT
    (SELECT count() FROM otel_traces) + (SELECT count() FROM otel_logs) AS total,
    toUnixTimestamp64Nano(
        greatest((SELECT max(Timestamp) FROM otel_traces), (SELECT max(Timestamp) FROM otel_logs))
    ) AS newest_ns
"""


class ClickHouse:
    """Answers what the collector's store answers, from the tables of one ClickHouse database.

    Safe to share between threads.
    Each answer's ``commit`` counts the changes that this process has seen.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._state: tuple[int, int] | None = None
        self._commit = 0

    def look(self) -> int:
        """The number of the newest change; raises UnavailableError when nothing answers."""
        self._seen()
        return self._commit

    def read(self, query: Query, parameters: Mapping[str, Value]) -> Reading:
        """Run one named query; raises UnavailableError when nothing answers."""
        limit = parameters["limit"]
        assert isinstance(limit, int)
        watermark_ns = self._seen()
        values = dict(parameters) | {"limit": limit + 1}
        table = self._ask(SQL[query.name], values)
        whole = query.parameters["limit"] == ROW_LIMIT
        return Reading(
            table.slice(0, limit),
            self._commit,
            watermark_ns,
            time.time_ns(),
            whole and table.num_rows > limit,
        )

    def _seen(self) -> int | None:
        (row,) = self._ask(STATE, {}).to_pylist()
        state = (row["total"], row["newest_ns"])
        with self._lock:
            if state != self._state:
                self._state, self._commit = state, self._commit + 1
        return min(state[1], time.time_ns()) if state[0] else None

    def _ask(self, sql: str, parameters: Mapping[str, Value]) -> pa.Table:
        try:
            return self._client.query_arrow(sql, parameters=dict(parameters), use_strings=True)
        except ClickHouseError as error:
            raise UnavailableError(f"ClickHouse: {error}") from error


def connect(url: str) -> ClickHouse:
    """The ClickHouse at an HTTP URL, with user, password and database in it as usual."""
    try:
        return ClickHouse(clickhouse_connect.get_client(dsn=url))
    except ClickHouseError as error:
        raise InputError(f"ClickHouse at {url}: {error}") from error
