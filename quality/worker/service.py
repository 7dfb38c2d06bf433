"""The quality worker as a small server with /healthz, /readyz and /metrics."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from framegate.quality.worker.drift_watch import DriftWatcher
from framegate.quality.worker.worker import Worker
from framegate.telemetry.sdk.sdk import Telemetry
from framegate.telemetry.sdk.service_routes import Health, service_routes


class ScorerService:
    """A scoring worker and a drift watcher, each in a thread that ends with the server."""

    def __init__(self, worker: Worker, watcher: DriftWatcher, telemetry: Telemetry) -> None:
        self._worker = worker
        self._watcher = watcher
        self._telemetry = telemetry
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (
                ("scoring thread", self.run_worker),
                ("drift detection thread", self.run_watcher),
            )
        ]

    def run_worker(self) -> None:
        self._worker.run(self._stop)
        self._worker.close()

    def run_watcher(self) -> None:
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

    def health(self) -> Health:
        """Not healthy once a thread has ended, for any reason."""
        ended = [thread.name for thread in self._threads if not thread.is_alive()]
        return Health(f"{' and '.join(ended)} ended", is_good=False) if ended else Health()

    def readiness(self) -> Health:
        """Not ready while the collector does not answer, or while drift detection does not run."""
        trouble = self._worker.trouble or self._watcher.trouble
        return Health(trouble, is_good=False) if trouble else self.health()

    def routes(self) -> list[Route]:
        registry = self._telemetry.registry
        return service_routes(registry, ready=self.readiness, alive=self.health)


def application(service: ScorerService) -> Starlette:
    return Starlette(routes=service.routes(), lifespan=service.lifespan)
