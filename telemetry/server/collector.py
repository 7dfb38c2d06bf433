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
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from framegate.telemetry.otlp import bodies, span_rows
from framegate.telemetry.otlp.bodies import BODY_LIMIT_BYTES, JSON, PROTOBUF, OtlpError, Signal
from framegate.telemetry.platform.access import Access, challenge
from framegate.telemetry.server.allowance import Allowance, Holding
from framegate.telemetry.server.intake import Intake
from framegate.telemetry.server.leases import FILE_NAME, LeaseEndpoint, Leases
from framegate.telemetry.server.query_endpoints import QUERY_SECONDS, RETRY, Answers
from framegate.telemetry.server.self_metrics import SelfMetrics
from framegate.telemetry.store.retention import Keep, keep_from, retain
from framegate.telemetry.store.store import FREE_BYTES, Store

QUEUE_BYTES = 256 * 1024 * 1024
READY_QUEUE_SHARE = 0.8
BODY_SECONDS = 30.0  # for the whole of a request's body to arrive
RETENTION_SECONDS = 600.0


logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Resident:
    """Something that runs beside the collector: started after it, stopped before its store is."""

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
        body_seconds: float = BODY_SECONDS,
        query_seconds: float = QUERY_SECONDS,
        access: Access | None = None,
        keep: Mapping[str, Keep] | None = None,
        free_bytes: int = FREE_BYTES,
    ) -> None:
        span_rows.prepare()
        self.access = access or Access()
        self._body_seconds = body_seconds
        self._keep = keep or keep_from([])
        self.store = Store(data, free_bytes=free_bytes)
        self.registry = CollectorRegistry()
        self._allowance = Allowance(queue_bytes)
        self._metrics = SelfMetrics(self.registry, self.store, self._allowance)
        self._committed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self.answers = Answers(
            lambda query, parameters, stop: self.store.read(query, parameters, stop=stop),
            self._wait,
            self.registry,
            access=self.access,
            query_seconds=query_seconds,
        )
        self._leases = Leases(data / FILE_NAME)
        self.leases = LeaseEndpoint(self._leases, self.access)
        self.intake = Intake(
            self.store,
            self._metrics,
            self._allowance,
            body_limit=body_limit,
            access=self.access,
        )

    @asynccontextmanager
    async def running(self, residents: Sequence[Resident]) -> AsyncIterator[None]:
        """The collector at work, with what runs beside it."""
        loop = asyncio.get_running_loop()

        def committed(seconds: float) -> None:
            self._metrics.commit_seconds.observe(seconds)
            loop.call_soon_threadsafe(self._wake)

        self.store.on_commit = committed
        retention = loop.create_task(self._retain())
        try:
            for resident in residents:
                await run_in_threadpool(resident.start)
            yield
        finally:
            for resident in residents:
                await run_in_threadpool(resident.stop)
            retention.cancel()
            self.store.on_commit = ignore
            await run_in_threadpool(self.close)

    def announce(self, *, http: str, grpc_port: int) -> None:
        """Say in the log where this collector is and what it has."""
        store = self.store
        seen = {"http": http, "grpc_port": grpc_port, "store": str(store.folder)}
        logger.info("collector listens", extra=seen | {"store_bytes": store.size_bytes})

    def close(self) -> None:
        """Store what was taken, then close the file."""
        self.intake.close()
        self.store.close()
        self._leases.close()
        logger.info("collector closed its store", extra={"store": str(self.store.folder)})

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
        with self.store.database.reading() as cursor:
            for moved in retain(
                cursor, self._keep, now_ns=time.time_ns(), folder=self.store.folder
            ):
                self._metrics.archived_rows.labels(moved.signal).inc(moved.row_count)
                logger.info("rows archived", extra=asdict(moved))

    async def _wait(self, after: int, seconds: float) -> int:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._committed:
                await self._committed.wait_for(lambda: self.store.commit > after)
        return self.store.commit

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
                async with in_time(self._body_seconds):
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
        return Response(bodies.success(taken.export, content_type), media_type=content_type)

    async def readyz(self, _: Request) -> Response:
        """GET /readyz: 503 when rows cannot be stored or soon could not."""
        trouble = self.store.trouble
        if trouble:
            return PlainTextResponse(trouble, 503)
        share = self._allowance.share
        status = 200 if share < READY_QUEUE_SHARE else 503
        return PlainTextResponse(f"queue {share:.0%} full", status)


def application(collector: Collector, *residents: Resident) -> Starlette:
    """The collector's ASGI application; it closes the store when it ends."""

    def lifespan(_: Starlette) -> AbstractAsyncContextManager[None]:
        return collector.running(residents)

    routes = [
        *(Route(f"/v1/{signal}", collector.ingest, methods=["POST"]) for signal in Signal),
        *collector.answers.routes(),
        *collector.leases.routes(),
        Route("/readyz", collector.readyz),
        *(route for resident in residents for route in resident.routes),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


def ignore(_: float) -> None:
    """Nobody waits for commits any more."""


async def notify(committed: asyncio.Condition) -> None:
    async with committed:
        committed.notify_all()


@asynccontextmanager
async def in_time(seconds: float) -> AsyncIterator[None]:
    """Around the reading of a body; one that trickles in must not hold its memory for ever."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise OtlpError(408, f"the body took longer than {seconds} s to arrive") from None


async def plain_body(request: Request, content_type: str, *, limit: int, holding: Holding) -> bytes:
    """The body without its content encoding; raises OtlpError for what is not OTLP."""
    if content_type not in (PROTOBUF, JSON):
        raise OtlpError(415, f"content-type {content_type!r} is neither {PROTOBUF} nor {JSON}")
    try:
        raw = await limited_body(request, limit=limit, holding=holding)
    except ClientDisconnect:
        raise OtlpError(400, "the client left before its body was complete") from None
    encoding = request.headers.get("content-encoding", "")
    plain = bodies.inflate(raw, encoding, limit=limit)
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
    body = bodies.failure(str(error), status=error.status, content_type=answer_type)
    retry = RETRY if error.status == 503 else {}
    return Response(body, error.status, {**retry, **challenge(error.status)}, answer_type)
