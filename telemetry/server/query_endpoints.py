"""The query API, whichever engine answers: named queries in, rows and their freshness out."""

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
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from framegate.telemetry.client.collector_client import ARROW_STREAM
from framegate.telemetry.otlp.bodies import JSON, RETRY_AFTER_SECONDS
from framegate.telemetry.platform.access import Access, AccessError, Scope, challenge
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.sdk.exposition import exposition
from framegate.telemetry.store.database import UnavailableError
from framegate.telemetry.store.interrupt import Stop
from framegate.telemetry.store.named_queries import Query, Value, bind
from framegate.telemetry.store.store_result import Reading

Endpoint = Callable[[Request], Awaitable[Response]]
Read = Callable[[Query, Mapping[str, Value], Stop], Reading]
# Waits until the newest commit's number is above the first argument, or so many seconds.
Wait = Callable[[int, float], Awaitable[int]]

LONGEST_WAIT_SECONDS = 60.0
QUERY_SECONDS = 10.0
QUERIES_AT_ONCE = 4  # more wait; each holds a thread and a snapshot
SECONDS_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
RETRY: Mapping[str, str] = {"retry-after": str(RETRY_AFTER_SECONDS)}


class Answers:
    """The endpoints that read, over one engine."""

    def __init__(
        self,
        read: Read,
        wait: Wait,
        registry: CollectorRegistry,
        *,
        access: Access,
        query_seconds: float = QUERY_SECONDS,
    ) -> None:
        self._engine_read = read
        self._wait = wait
        self._registry = registry
        self._access = access
        self._query_seconds = query_seconds
        self._queries = CapacityLimiter(QUERIES_AT_ONCE)
        self._seconds = Histogram(
            "framegate_collector_query_seconds",
            "One named query",
            ["query"],
            registry=registry,
            buckets=SECONDS_BUCKETS,
        )
        self._ended = Counter(
            "framegate_collector_ended_queries",
            "Queries ended before they were done: too long, or nobody waits",
            ["why"],
            registry=registry,
        )

    def routes(self) -> list[Route]:
        return [
            Route("/query/{name}", self.reading(self.query)),
            Route("/commits", self.reading(self.commits)),
            Route("/metrics", self.reading(self.metrics)),
            Route("/healthz", healthz),
        ]

    def reading(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint for callers who may read, a refusal for all others."""

        async def guarded(request: Request) -> Response:
            try:
                self._access.check(request.headers.get("authorization"), Scope.READ)
            except AccessError as error:
                return PlainTextResponse(str(error), error.status, challenge(error.status))
            return await endpoint(request)

        return guarded

    async def query(self, request: Request) -> Response:
        """GET /query/{name}: rows as an Arrow stream, or as JSON when that is asked for."""
        try:
            query, parameters = bind(request.path_params["name"], dict(request.query_params))
        except InputError as error:
            return PlainTextResponse(str(error), 400)
        try:
            reading = await self._read(request, query, parameters)
        except (UnavailableError, duckdb.Error) as error:
            return PlainTextResponse(str(error), 503, RETRY)
        if "application/json" in request.headers.get("accept", ""):
            encode, media_type = json_rows, JSON
        else:
            encode, media_type = arrow_stream, ARROW_STREAM
        body = await run_in_threadpool(encode, reading.table)
        return Response(body, headers=freshness(reading), media_type=media_type)

    async def _read(
        self, request: Request, query: Query, parameters: Mapping[str, Value]
    ) -> Reading:
        """Run a query until it is done, its time is up, or its client has left."""
        stop = Stop()

        def work() -> Reading:
            with self._seconds.labels(request.path_params["name"]).time():
                return self._engine_read(query, parameters, stop)

        leaving = asyncio.create_task(left(request))
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
                why = "its client has left" if left_first else f"{self._query_seconds} s are up"
                stop.now(f"query {request.path_params['name']!r} ended: {why}")
            return await reading
        finally:
            leaving.cancel()

    async def commits(self, request: Request) -> Response:
        """GET /commits: the newest commit's number, once it is above ``after`` or time is up."""
        try:
            after = int(request.query_params.get("after", 0))
            seconds = float(request.query_params.get("timeout_seconds", 10.0))
        except ValueError as error:
            return PlainTextResponse(f"after, timeout_seconds: {error}", 400)
        if not math.isfinite(seconds):
            return PlainTextResponse(f"timeout_seconds: {seconds} is no number of seconds", 400)
        try:
            commit = await self._wait(after, min(max(seconds, 0.0), LONGEST_WAIT_SECONDS))
        except UnavailableError as error:
            return PlainTextResponse(str(error), 503, RETRY)
        return JSONResponse({"commit": commit})

    async def metrics(self, request: Request) -> Response:
        body, content_type = await run_in_threadpool(
            exposition, self._registry, request.headers.get("accept", "")
        )
        return Response(body, headers={"content-type": content_type})


async def healthz(_: Request) -> Response:
    return PlainTextResponse("ok")


async def left(request: Request) -> None:
    """Returns when the client has closed its connection; for requests without a body."""
    message = await request.receive()
    while message["type"] != "http.disconnect":
        message = await request.receive()


def freshness(reading: Reading) -> Mapping[str, str]:
    """Headers that tell the reader how new the answer is."""
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
