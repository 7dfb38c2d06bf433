"""The quality worker as a small server: it works in a thread and answers how it is."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from quality.worker import Worker
from telemetry.exposition import exposition
from telemetry.sdk import Telemetry


class Service:
    """One worker in one thread; the server's end is the worker's end."""

    def __init__(self, worker: Worker, telemetry: Telemetry) -> None:
        self._worker = worker
        self._telemetry = telemetry
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="scoring", daemon=True)

    def _work(self) -> None:
        self._worker.run(self._stop)
        self._worker.close()

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            await run_in_threadpool(self._thread.join)
            self._telemetry.shutdown()

    async def healthz(self, _: Request) -> Response:
        """Not healthy once the scoring thread is gone, whatever ended it."""
        alive = self._thread.is_alive()
        return PlainTextResponse("ok" if alive else "scoring has ended", 200 if alive else 503)

    async def readyz(self, request: Request) -> Response:
        """Not ready while the collector does not answer."""
        trouble = self._worker.trouble if self._thread.is_alive() else None
        return PlainTextResponse(trouble, 503) if trouble else await self.healthz(request)

    async def metrics(self, request: Request) -> Response:
        accept = request.headers.get("accept", "")
        body, content_type = exposition(self._telemetry.registry, accept)
        return Response(body, headers={"content-type": content_type})


def application(service: Service) -> Starlette:
    routes = [
        Route("/healthz", service.healthz),
        Route("/readyz", service.readyz),
        Route("/metrics", service.metrics),
    ]
    return Starlette(routes=routes, lifespan=service.lifespan)
