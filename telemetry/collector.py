"""The collector: OTLP in, named queries out, as one ASGI application."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.ipc
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from telemetry import otlp
from telemetry.access import Access, AccessError, Scope
from telemetry.client import ARROW_STREAM
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
from telemetry.query import bind
from telemetry.selfmetrics import SelfMetrics
from telemetry.store import QUEUE_BYTES, Reading, Store

Endpoint = Callable[[Request], Awaitable[Response]]

READY_QUEUE_SHARE = 0.8
LONGEST_WAIT_SECONDS = 60.0


class Collector:
    """One store and the endpoints over it; an unusable store raises InputError here."""

    def __init__(
        self,
        data: Path,
        *,
        queue_bytes: int = QUEUE_BYTES,
        body_limit: int = BODY_LIMIT_BYTES,
        access: Access | None = None,
    ) -> None:
        self._access = access or Access()
        self._store = Store(data, queue_bytes=queue_bytes)
        self._registry = CollectorRegistry()
        self._metrics = SelfMetrics(self._registry, self._store)
        self._committed = asyncio.Condition()
        self._waking: set[asyncio.Task[None]] = set()
        self._queue_bytes = queue_bytes
        self.intake = Intake(self._store, self._metrics, body_limit=body_limit, access=self._access)

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()

        def committed(_: int) -> None:
            loop.call_soon_threadsafe(self._wake)

        self._store.on_commit = committed
        try:
            yield
        finally:
            self._store.on_commit = ignore
            await run_in_threadpool(self._store.close)

    def _wake(self) -> None:
        task = asyncio.get_running_loop().create_task(notify(self._committed))
        self._waking.add(task)
        task.add_done_callback(self._waking.discard)

    async def ingest(self, request: Request) -> Response:
        """POST /v1/{traces,logs,metrics}."""
        signal = Signal(request.url.path.rpartition("/")[2])
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            authorization = request.headers.get("authorization")
            with self.intake.request(signal, authorization=authorization):
                body = await plain_body(request, content_type, limit=self.intake.body_limit)
                taken = self.intake.take(signal, body, content_type)
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
        reading = await run_in_threadpool(self._store.read, query, parameters)
        if "application/json" in request.headers.get("accept", ""):
            return Response(
                json_rows(reading.table), headers=freshness(reading), media_type="application/json"
            )
        return Response(
            arrow_stream(reading.table), headers=freshness(reading), media_type=ARROW_STREAM
        )

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
        share = self._store.queued_bytes / self._queue_bytes
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


def ignore(_: int) -> None:
    """Nobody waits for commits any more."""


async def notify(committed: asyncio.Condition) -> None:
    async with committed:
        committed.notify_all()


async def plain_body(request: Request, content_type: str, *, limit: int) -> bytes:
    """The body without its content encoding; raises OtlpError for what is not OTLP."""
    if content_type not in (PROTOBUF, JSON):
        raise OtlpError(415, f"content-type {content_type!r} is neither {PROTOBUF} nor {JSON}")
    raw = await limited_body(request, limit)
    return otlp.inflate(raw, request.headers.get("content-encoding", ""), limit=limit)


async def limited_body(request: Request, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise OtlpError(413, f"body is larger than {limit} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def refusal(error: OtlpError, content_type: str) -> Response:
    answer_type = content_type if content_type in (PROTOBUF, JSON) else PROTOBUF
    body = otlp.failure(str(error), status=error.status, content_type=answer_type)
    retry = {"retry-after": str(RETRY_AFTER_SECONDS)} if error.status == 503 else {}
    return Response(body, error.status, {**retry, **challenge(error.status)}, answer_type)


def freshness(reading: Reading) -> Mapping[str, str]:
    """Headers that tell the reader how new the answer is."""
    headers = {"framegate-commit": str(reading.commit), "framegate-read": str(reading.read_ns)}
    if reading.watermark_ns is not None:
        headers["framegate-watermark"] = str(reading.watermark_ns)
    return headers


def arrow_stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]  # pyarrow has no types


def json_rows(table: pa.Table) -> bytes:
    return orjson.dumps(table.to_pylist())
