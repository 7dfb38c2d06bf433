"""The query API, the same over DuckDB and ClickHouse: named queries in, rows out."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping

import duckdb
import orjson
import pyarrow as pa
import pyarrow.ipc
from anyio import CapacityLimiter, to_thread
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from framegate.telemetry.client.collector_client import ARROW_STREAM
from framegate.telemetry.otlp.bodies import JSON
from framegate.telemetry.platform.access import Access, Scope
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.http import error_response, require_scope
from framegate.telemetry.store.database import StoreUnavailableError
from framegate.telemetry.store.interrupt import CancelToken
from framegate.telemetry.store.named_queries import ParameterValue, Query, bind_query
from framegate.telemetry.store.store_result import StoreResult

ReadQuery = Callable[[Query, Mapping[str, ParameterValue], CancelToken], StoreResult]
# Waits until the newest commit's number is above the first argument, or the seconds are over.
WaitForCommit = Callable[[int, float], Awaitable[int]]

MAX_WAIT_SECONDS = 60.0
QUERY_TIMEOUT_SECONDS = 10.0
MAX_CONCURRENT_QUERIES = 4  # more wait; each holds a thread and a snapshot
LATENCY_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class QueryEndpoints:
    """GET /query/{name} and GET /commits over one database."""

    def __init__(
        self,
        read: ReadQuery,
        wait: WaitForCommit,
        registry: CollectorRegistry,
        *,
        access: Access,
        query_seconds: float = QUERY_TIMEOUT_SECONDS,
    ) -> None:
        self._engine_read = read
        self._wait = wait
        self._access = access
        self._query_seconds = query_seconds
        self._queries = CapacityLimiter(MAX_CONCURRENT_QUERIES)
        self._seconds = Histogram(
            "framegate_collector_query_seconds",
            "Time to run one named query",
            ["query"],
            registry=registry,
            buckets=LATENCY_BUCKETS,
        )
        self._ended = Counter(
            "framegate_collector_ended_queries",
            "Queries canceled because of a timeout or a client disconnect",
            ["why"],
            registry=registry,
        )

    def routes(self) -> list[Route]:
        return [
            Route("/query/{name}", require_scope(self._access, Scope.READ, self.query)),
            Route("/commits", require_scope(self._access, Scope.READ, self.commits)),
        ]

    async def query(self, request: Request) -> Response:
        """GET /query/{name}: rows as an Arrow stream, or as JSON when the client accepts that."""
        try:
            query, parameters = bind_query(request.path_params["name"], dict(request.query_params))
        except InputError as error:
            return error_response(400, error)
        try:
            reading = await self._read(request, query, parameters)
        except (StoreUnavailableError, duckdb.Error) as error:
            return error_response(503, error)
        if "application/json" in request.headers.get("accept", ""):
            encode, media_type = json_rows, JSON
        else:
            encode, media_type = arrow_stream, ARROW_STREAM
        body = await run_in_threadpool(encode, reading.table)
        return Response(body, headers=freshness_headers(reading), media_type=media_type)

    async def _read(
        self, request: Request, query: Query, parameters: Mapping[str, ParameterValue]
    ) -> StoreResult:
        """Run a query; cancel it on a timeout, or when its client disconnects."""
        stop = CancelToken()

        def work() -> StoreResult:
            with self._seconds.labels(request.path_params["name"]).time():
                return self._engine_read(query, parameters, stop)

        leaving = asyncio.create_task(wait_for_disconnect(request))
        reading = asyncio.create_task(to_thread.run_sync(work, limiter=self._queries))
        try:
            await asyncio.wait(
                {leaving, reading},
                timeout=self._query_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not reading.done():
                left_first = leaving.done()
                self._ended.labels("left" if left_first else "time").inc()
                timed_out = f"timed out after {self._query_seconds:g} s"
                why = "client disconnected" if left_first else timed_out
                stop.cancel(f"query {request.path_params['name']!r} canceled: {why}")
            return await reading
        finally:
            leaving.cancel()

    async def commits(self, request: Request) -> Response:
        """GET /commits: the newest commit's number, once it is above ``after`` or on a timeout."""
        try:
            after = int(request.query_params.get("after", 0))
            seconds = float(request.query_params.get("timeout_seconds", 10.0))
        except ValueError as error:
            return error_response(400, f"after, timeout_seconds: {error}")
        if not math.isfinite(seconds):
            return error_response(400, f"timeout_seconds: {seconds} is not a finite number")
        try:
            commit = await self._wait(after, min(max(seconds, 0.0), MAX_WAIT_SECONDS))
        except StoreUnavailableError as error:
            return error_response(503, error)
        return JSONResponse({"commit": commit})


async def wait_for_disconnect(request: Request) -> None:
    """Returns when the client has closed its connection; for requests without a body."""
    message = await request.receive()
    while message["type"] != "http.disconnect":
        message = await request.receive()


def freshness_headers(reading: StoreResult) -> Mapping[str, str]:
    """Headers that say how fresh the rows are."""
    headers = {"framegate-commit": str(reading.commit), "framegate-read": str(reading.read_ns)}
    if reading.watermark_ns is not None:
        headers["framegate-watermark"] = str(reading.watermark_ns)
    if reading.truncated:
        headers["framegate-truncated"] = "true"
    return headers


def arrow_stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]  # pyarrow has no types


def json_rows(table: pa.Table) -> bytes:
    return orjson.dumps(table.to_pylist())
