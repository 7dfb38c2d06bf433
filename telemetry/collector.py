"""The collector: OTLP in, named queries out, as one ASGI application."""

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import duckdb
import orjson
import pyarrow as pa
import pyarrow.ipc
from anyio import CapacityLimiter, to_thread
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from telemetry import otlp
from telemetry.access import Access, AccessError, Scope
from telemetry.allowance import Allowance, Holding
from telemetry.client import ARROW_STREAM
from telemetry.database import UnavailableError
from telemetry.errors import InputError
from telemetry.exposition import exposition
from telemetry.intake import Intake
from telemetry.otlp import (
    BODY_LIMIT_BYTES,
    JSON,
    PROTOBUF,
    RETRY_AFTER_SECONDS,
    OtlpError,
    Signal,
)
from telemetry.query import Query, Value, bind
from telemetry.reading import Reading
from telemetry.retention import Keep, keep_from, retain
from telemetry.selfmetrics import SelfMetrics
from telemetry.stop import Stop
from telemetry.store import FREE_BYTES, Store

Endpoint = Callable[[Request], Awaitable[Response]]

QUEUE_BYTES = 256 * 1024 * 1024
READY_QUEUE_SHARE = 0.8
LONGEST_WAIT_SECONDS = 60.0
BODY_SECONDS = 30.0  # for the whole of a request's body to arrive
QUERY_SECONDS = 10.0
QUERIES_AT_ONCE = 4  # more wait; each holds a thread and a snapshot
RETENTION_SECONDS = 600.0

RETRY: Mapping[str, str] = {"retry-after": str(RETRY_AFTER_SECONDS)}

logger = logging.getLogger(__name__)


class Collector:
    """One store and the endpoints over it; an unusable store raises InputError here."""

    def __init__(
        self,
        data: Path,
        *,
        queue_bytes: int = QUEUE_BYTES,
        body_limit: int = BODY_LIMIT_BYTES,
        query_seconds: float = QUERY_SECONDS,
        access: Access | None = None,
        keep: Mapping[str, Keep] | None = None,
        free_bytes: int = FREE_BYTES,
    ) -> None:
        self._access = access or Access()
        self._keep = keep or keep_from([])
        self._query_seconds = query_seconds
        self._store = Store(data, free_bytes=free_bytes)
        self._registry = CollectorRegistry()
        self._allowance = Allowance(queue_bytes)
        self._metrics = SelfMetrics(self._registry, self._store, self._allowance)
        self._committed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._queries = CapacityLimiter(QUERIES_AT_ONCE)
        self.intake = Intake(
            self._store,
            self._metrics,
            self._allowance,
            body_limit=body_limit,
            access=self._access,
        )

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()

        def committed(seconds: float) -> None:
            self._metrics.commit_seconds.observe(seconds)
            loop.call_soon_threadsafe(self._wake)

        self._store.on_commit = committed
        retention = loop.create_task(self._retain())
        try:
            yield
        finally:
            retention.cancel()
            self._store.on_commit = ignore
            await run_in_threadpool(self.close)

    def close(self) -> None:
        """Store what was taken, then close the file."""
        self.intake.close()
        self._store.close()

    async def _retain(self) -> None:
        """Move old rows to the archive, now and then, for as long as the collector runs."""
        while True:
            try:
                await run_in_threadpool(self.retain)
            except (duckdb.Error, OSError):
                logger.exception("retention")
            await asyncio.sleep(RETENTION_SECONDS)

    def retain(self) -> None:
        """Archive what is past its bounds."""
        with self._store.database.reading() as cursor:
            for moved in retain(
                cursor, self._keep, now_ns=time.time_ns(), folder=self._store.folder
            ):
                self._metrics.archived_rows.labels(moved.signal).inc(moved.row_count)
                logger.info("archived %d %s in %s", moved.row_count, moved.signal, moved.file)

    def _wake(self) -> None:
        task = asyncio.get_running_loop().create_task(notify(self._committed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def ingest(self, request: Request) -> Response:
        """POST /v1/{traces,logs,metrics}."""
        signal = Signal(request.url.path.rpartition("/")[2])
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            authorization = request.headers.get("authorization")
            with self.intake.request(signal, authorization=authorization) as holding:
                body = await plain_body(
                    request, content_type, limit=self.intake.body_limit, holding=holding
                )
                taken = await asyncio.wrap_future(
                    self.intake.take(signal, body, content_type, holding)
                )
                await asyncio.wrap_future(taken.done)
        except OtlpError as error:
            return refusal(error, content_type)
        self.intake.acknowledged(taken.export)
        return Response(otlp.success(taken.export, content_type), media_type=content_type)

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
            with self._metrics.query_seconds.labels(request.path_params["name"]).time():
                return self._store.read(query, parameters, stop=stop)

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
                self._metrics.ended_queries.labels("left" if left_first else "time").inc()
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
        with suppress(TimeoutError):
            async with asyncio.timeout(min(max(seconds, 0.0), LONGEST_WAIT_SECONDS)):
                async with self._committed:
                    await self._committed.wait_for(lambda: self._store.commit > after)
        return JSONResponse({"commit": self._store.commit})

    async def healthz(self, _: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(self, _: Request) -> Response:
        """GET /readyz: 503 when rows cannot be stored or soon could not."""
        trouble = self._store.trouble
        if trouble:
            return PlainTextResponse(trouble, 503)
        share = self._allowance.share
        status = 200 if share < READY_QUEUE_SHARE else 503
        return PlainTextResponse(f"queue {share:.0%} full", status)

    async def metrics(self, request: Request) -> Response:
        body, content_type = exposition(self._registry, request.headers.get("accept", ""))
        return Response(body, headers={"content-type": content_type})


def application(collector: Collector) -> Starlette:
    """The collector's ASGI application; it closes the store when it ends."""
    routes = [
        *(Route(f"/v1/{signal}", collector.ingest, methods=["POST"]) for signal in Signal),
        Route("/query/{name}", collector.reading(collector.query)),
        Route("/commits", collector.reading(collector.commits)),
        Route("/healthz", collector.healthz),
        Route("/readyz", collector.readyz),
        Route("/metrics", collector.reading(collector.metrics)),
    ]
    return Starlette(routes=routes, lifespan=collector.lifespan)


def challenge(status: int) -> Mapping[str, str]:
    """The header that RFC 6750 asks of a 401."""
    return {"www-authenticate": "Bearer"} if status == 401 else {}


def ignore(_: float) -> None:
    """Nobody waits for commits any more."""


async def notify(committed: asyncio.Condition) -> None:
    async with committed:
        committed.notify_all()


async def left(request: Request) -> None:
    """Returns when the client has closed its connection; for requests without a body."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def plain_body(request: Request, content_type: str, *, limit: int, holding: Holding) -> bytes:
    """The body without its content encoding; raises OtlpError for what is not OTLP."""
    if content_type not in (PROTOBUF, JSON):
        raise OtlpError(415, f"content-type {content_type!r} is neither {PROTOBUF} nor {JSON}")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            raw = await limited_body(request, limit=limit, holding=holding)
    except TimeoutError:
        raise OtlpError(408, f"the body took longer than {BODY_SECONDS} s to arrive") from None
    except ClientDisconnect:
        raise OtlpError(400, "the client left before its body was complete") from None
    encoding = request.headers.get("content-encoding", "")
    plain = otlp.inflate(raw, encoding, limit=limit)
    holding.add(len(plain) - len(raw))
    return plain


async def limited_body(request: Request, *, limit: int, holding: Holding) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise OtlpError(413, f"body is larger than {limit} bytes")
        holding.add(len(chunk))
        chunks.append(chunk)
    return b"".join(chunks)


def refusal(error: OtlpError, content_type: str) -> Response:
    answer_type = content_type if content_type in (PROTOBUF, JSON) else PROTOBUF
    body = otlp.failure(str(error), status=error.status, content_type=answer_type)
    retry = RETRY if error.status == 503 else {}
    return Response(body, error.status, {**retry, **challenge(error.status)}, answer_type)


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
