"""The named queries over ClickHouse tables that the OpenTelemetry Collector's exporter fills."""

import asyncio
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool

from framegate.telemetry.platform.access import Access
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.sdk.service_routes import Health, service_routes
from framegate.telemetry.server.leases import LeaseEndpoint, Leases
from framegate.telemetry.server.query_endpoints import QUERY_TIMEOUT_SECONDS, QueryEndpoints
from framegate.telemetry.store.database import StoreUnavailableError
from framegate.telemetry.store.interrupt import CancelToken
from framegate.telemetry.store.named_queries import QUERIES, ROW_LIMIT, ParameterValue, Query
from framegate.telemetry.store.store_result import StoreResult

QUERY_FOLDER = Path(__file__).parents[1] / "store" / "queries" / "clickhouse"
QUERY_SQL = {name: (QUERY_FOLDER / f"{name}.sql").read_text() for name in QUERIES}
# When the number of rows or their newest time changes, readers should query again.
STATE_QUERY = """
SELECT
    (SELECT count() FROM otel_traces) + (SELECT count() FROM otel_logs) AS total,
    toUnixTimestamp64Nano(
        greatest((SELECT max(Timestamp) FROM otel_traces), (SELECT max(Timestamp) FROM otel_logs))
    ) AS newest_ns
"""


POLL_SECONDS = 1.0


class ClickHouseStore:
    """Answers the named queries from the tables of one ClickHouse database.

    Safe to share between threads.
    The ``commit`` of a result counts the changes that this process has seen.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._state: tuple[int, int] | None = None
        self._commit = 0

    def latest_commit(self) -> int:
        """The newest change's number; raises StoreUnavailableError when ClickHouse fails."""
        self._refresh_state()
        return self._commit

    async def wait(self, after: int, seconds: float) -> int:
        """The number of the newest change, once it is above ``after`` or the time is up."""
        deadline = time.monotonic() + seconds
        while (commit := await run_in_threadpool(self.latest_commit)) <= after:
            left_seconds = deadline - time.monotonic()
            if left_seconds <= 0:
                break
            await asyncio.sleep(min(POLL_SECONDS, left_seconds))
        return commit

    def read(
        self, query: Query, parameters: Mapping[str, ParameterValue], _: CancelToken | None = None
    ) -> StoreResult:
        """Run one named query; raises StoreUnavailableError when ClickHouse does not answer.

        ClickHouse itself ends a query that takes too long.
        """
        limit = parameters["limit"]
        assert isinstance(limit, int)
        watermark_ns = self._refresh_state()
        values = dict(parameters) | {"limit": limit + 1}
        table = self._run_query(QUERY_SQL[query.name], values)
        whole = query.parameters["limit"] == ROW_LIMIT
        return StoreResult(
            table.slice(0, limit),
            self._commit,
            watermark_ns,
            time.time_ns(),
            whole and table.num_rows > limit,
        )

    def _refresh_state(self) -> int | None:
        (row,) = self._run_query(STATE_QUERY, {}).to_pylist()
        state = (row["total"], row["newest_ns"])
        with self._lock:
            if state != self._state:
                self._state, self._commit = state, self._commit + 1
        return min(state[1], time.time_ns()) if state[0] else None

    def _run_query(self, sql: str, parameters: Mapping[str, ParameterValue]) -> pa.Table:
        try:
            return self._client.query_arrow(
                sql,
                parameters=dict(parameters),
                use_strings=True,
                settings={"max_execution_time": int(QUERY_TIMEOUT_SECONDS), "readonly": "2"},
            )
        except ClickHouseError as error:
            raise StoreUnavailableError(f"ClickHouse: {error}") from error


def application(clickhouse: ClickHouseStore, leases: Leases, *, access: Access) -> Starlette:
    """The query API over ClickHouse, and leases, which are kept in a file of their own."""
    registry = CollectorRegistry()
    answers = QueryEndpoints(clickhouse.read, clickhouse.wait, registry, access=access)

    def readiness() -> Health:
        try:
            clickhouse.latest_commit()
        except StoreUnavailableError as error:
            return Health(str(error), is_good=False)
        return Health()

    routes = [
        *answers.routes(),
        *LeaseEndpoint(leases, access).routes(),
        *service_routes(registry, ready=readiness, access=access),
    ]
    return Starlette(routes=routes)


def connect_clickhouse(url: str) -> ClickHouseStore:
    """Connect to a URL with user, password and database; raises InputError when that fails."""
    try:
        return ClickHouseStore(clickhouse_connect.get_client(dsn=url))
    except ClickHouseError as error:
        raise InputError(f"ClickHouse at {urlsplit(url).hostname}: {error}") from error
