"""The quality worker as a small server: it works in a thread and answers how it is."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from framegate.quality.worker.drift_watch import DriftWatcher
from framegate.quality.worker.worker import Worker
from framegate.telemetry.sdk.exposition import exposition
from framegate.telemetry.sdk.sdk import Telemetry


class ScorerService:
    """A worker and a watcher, in a thread each; the server's end is theirs."""

    def __init__(self, worker: Worker, watcher: DriftWatcher, telemetry: Telemetry) -> None:
        self._worker = worker
        self._watcher = watcher
        self._telemetry = telemetry
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=work, name=work.__name__, daemon=True)
            for work in (self.scoring, self.watching)
        ]

    def scoring(self) -> None:
        self._worker.run(self._stop)
        self._worker.close()

    def watching(self) -> None:
        self._watcher.run(self._stop)
        self._watcher.close()

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in self._threads:
                await run_in_threadpool(thread.join)
            self._telemetry.shutdown()

    async def healthz(self, _: Request) -> Response:
        """Not healthy once a thread is gone, whatever ended it."""
        ended = [thread.name for thread in self._threads if not thread.is_alive()]
        text = f"{' and '.join(ended)} ended" if ended else "ok"
        return PlainTextResponse(text, 503 if ended else 200)

    async def readyz(self, request: Request) -> Response:
        """Not ready while the collector does not answer, or scores cannot be watched."""
        trouble = self._worker.trouble or self._watcher.trouble
        return PlainTextResponse(trouble, 503) if trouble else await self.healthz(request)

    async def metrics(self, request: Request) -> Response:
        accept = request.headers.get("accept", "")
        body, content_type = exposition(self._telemetry.registry, accept)
        return Response(body, headers={"content-type": content_type})


def application(service: ScorerService) -> Starlette:
    routes = [
        Route("/healthz", service.healthz),
        Route("/readyz", service.readyz),
        Route("/metrics", service.metrics),
    ]
    return Starlette(routes=routes, lifespan=service.lifespan)
