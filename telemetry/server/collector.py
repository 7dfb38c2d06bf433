"""The collector: OTLP in, named queries out, as one ASGI application."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from framegate.telemetry.otlp import bodies, span_rows
from framegate.telemetry.otlp.bodies import BODY_LIMIT_BYTES, JSON, PROTOBUF, OtlpError, Signal
from framegate.telemetry.platform.access import Access
from framegate.telemetry.platform.http import (
    BodyError,
    BodyTooLargeError,
    error_headers,
    read_body,
)
from framegate.telemetry.sdk.service_routes import Health, service_routes
from framegate.telemetry.server.allowance import MemoryLimiter, Reservation
from framegate.telemetry.server.intake import OtlpReceiver
from framegate.telemetry.server.leases import LEASES_FILE_NAME, LeaseEndpoint, Leases
from framegate.telemetry.server.query_endpoints import QUERY_TIMEOUT_SECONDS, QueryEndpoints
from framegate.telemetry.server.self_metrics import CollectorMetrics
from framegate.telemetry.store.retention import RetentionLimits, enforce_retention, parse_retention
from framegate.telemetry.store.store import FREE_BYTES, Store

QUEUE_BYTES = 256 * 1024 * 1024
READY_QUEUE_SHARE = 0.8
BODY_TIMEOUT_SECONDS = 30.0  # for the whole of a request's body to arrive
RETENTION_INTERVAL_SECONDS = 600.0


logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CollectorExtension:
    """Something that runs beside the collector: starts after it, and stops before its store."""

    routes: Sequence[Route]
    start: Callable[[], None]
    stop: Callable[[], None]


class Collector:
    """One store and the endpoints over it; an unusable store raises InputError here."""

    def __init__(
        self,
        data: Path,
        *,
        queue_bytes: int = QUEUE_BYTES,
        body_limit: int = BODY_LIMIT_BYTES,
        body_seconds: float = BODY_TIMEOUT_SECONDS,
        query_seconds: float = QUERY_TIMEOUT_SECONDS,
        access: Access | None = None,
        retain: Mapping[str, RetentionLimits] | None = None,
        free_bytes: int = FREE_BYTES,
    ) -> None:
        span_rows.warm_up_loops()
        self.access = access or Access()
        self._body_seconds = body_seconds
        self._retain = retain or parse_retention([])
        self.store = Store(data, free_bytes=free_bytes)
        self.registry = CollectorRegistry()
        self._allowance = MemoryLimiter(queue_bytes)
        self._metrics = CollectorMetrics(self.registry, self.store, self._allowance)
        self._committed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self.answers = QueryEndpoints(
            lambda query, parameters, stop: self.store.read(query, parameters, stop=stop),
            self._wait_for_commit,
            self.registry,
            access=self.access,
            query_seconds=query_seconds,
        )
        self._leases = Leases(data / LEASES_FILE_NAME)
        self.leases = LeaseEndpoint(self._leases, self.access)
        self.intake = OtlpReceiver(
            self.store,
            self._metrics,
            self._allowance,
            body_limit=body_limit,
            access=self.access,
        )

    @asynccontextmanager
    async def lifespan(self, extensions: Sequence[CollectorExtension]) -> AsyncIterator[None]:
        """Around the running server: starts what runs beside the collector, stops it at the end."""
        loop = asyncio.get_running_loop()

        def record_commit(seconds: float) -> None:
            self._metrics.commit_seconds.observe(seconds)
            loop.call_soon_threadsafe(self._schedule_notify)

        stop_recording = self.store.commits.add(record_commit)
        retention = loop.create_task(self._run_retention())
        try:
            for extension in extensions:
                await run_in_threadpool(extension.start)
            yield
        finally:
            for extension in extensions:
                await run_in_threadpool(extension.stop)
            retention.cancel()
            stop_recording()
            await run_in_threadpool(self.close)

    def log_startup(self, *, http: str, grpc_port: int) -> None:
        """Log where this collector listens and how large its store is."""
        store = self.store
        seen = {"http": http, "grpc_port": grpc_port, "store": str(store.folder)}
        logger.info("collector listening", extra=seen | {"store_bytes": store.size_bytes})

    def close(self) -> None:
        """Store the requests that were accepted, then close the store."""
        self.intake.close()
        self.store.close()
        self._leases.close()
        logger.info("store closed", extra={"store": str(self.store.folder)})

    async def _run_retention(self) -> None:
        """Move old rows to the archive every ten minutes, while the collector runs."""
        while True:
            try:
                await run_in_threadpool(self.enforce_retention)
            except (duckdb.Error, OSError):
                logger.exception("cannot enforce retention limits")
            await asyncio.sleep(RETENTION_INTERVAL_SECONDS)

    def enforce_retention(self) -> None:
        """Archive rows, and delete archived files, that exceed their retention limits."""
        with self.store.database.read_cursor() as cursor:
            for moved in enforce_retention(
                cursor, self._retain, now_ns=time.time_ns(), folder=self.store.folder
            ):
                self._metrics.archived_rows.labels(moved.signal).inc(moved.row_count)
                logger.info("rows archived", extra=asdict(moved))

    async def _wait_for_commit(self, after: int, seconds: float) -> int:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._committed:
                await self._committed.wait_for(lambda: self.store.commit > after)
        return self.store.commit

    def _schedule_notify(self) -> None:
        task = asyncio.get_running_loop().create_task(notify_waiters(self._committed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def ingest(self, request: Request) -> Response:
        """POST /v1/{traces,logs,metrics}."""
        signal = Signal(request.url.path.rpartition("/")[2])
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            authorization = request.headers.get("authorization")
            with self.intake.request(signal, authorization=authorization) as holding:
                async with body_timeout(self._body_seconds):
                    body = await read_otlp_body(
                        request, content_type, limit=self.intake.body_limit, holding=holding
                    )
                queued = await asyncio.wrap_future(
                    self.intake.submit_body(signal, body, content_type, holding)
                )
                await asyncio.wrap_future(queued.done)
        except OtlpError as error:
            return otlp_error_response(error, content_type)
        self.intake.count_rows(queued.export)
        return Response(bodies.success_body(queued.export, content_type), media_type=content_type)

    def readiness(self) -> Health:
        """Not ready when rows cannot be stored, or when the queue is nearly full."""
        trouble = self.store.write_error
        if trouble:
            return Health(trouble, is_good=False)
        share = self._allowance.used_ratio
        return Health(f"queue {share:.0%} full", is_good=share < READY_QUEUE_SHARE)


def application(collector: Collector, *extensions: CollectorExtension) -> Starlette:
    """The collector's ASGI application; it closes the store when it ends."""

    def lifespan(_: Starlette) -> AbstractAsyncContextManager[None]:
        return collector.lifespan(extensions)

    routes = [
        *(Route(f"/v1/{signal}", collector.ingest, methods=["POST"]) for signal in Signal),
        *collector.answers.routes(),
        *collector.leases.routes(),
        *service_routes(collector.registry, ready=collector.readiness, access=collector.access),
        *(route for extension in extensions for route in extension.routes),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def notify_waiters(committed: asyncio.Condition) -> None:
    async with committed:
        committed.notify_all()


@asynccontextmanager
async def body_timeout(seconds: float) -> AsyncIterator[None]:
    """Around the reading of a body: a slow sender must not hold memory for ever."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise OtlpError(408, f"timed out after {seconds} s reading the request body") from None


async def read_otlp_body(
    request: Request, content_type: str, *, limit: int, holding: Reservation
) -> bytes:
    """The body without its content encoding; raises OtlpError when it is not OTLP."""
    if content_type not in (PROTOBUF, JSON):
        raise OtlpError(
            415, f"content-type {content_type!r} is not supported; use {PROTOBUF} or {JSON}"
        )
    try:
        raw = await read_body(request, limit_bytes=limit, reserve=holding.add)
    except BodyError as error:
        status = 413 if isinstance(error, BodyTooLargeError) else 400
        raise OtlpError(status, f"body {error}") from None
    encoding = request.headers.get("content-encoding", "")
    plain = bodies.decompress_body(raw, encoding, limit=limit)
    holding.add(len(plain) - len(raw))
    return plain


def otlp_error_response(error: OtlpError, content_type: str) -> Response:
    answer_type = content_type if content_type in (PROTOBUF, JSON) else PROTOBUF
    body = bodies.error_body(str(error), status=error.status, content_type=answer_type)
    return Response(body, error.status, error_headers(error.status), answer_type)
