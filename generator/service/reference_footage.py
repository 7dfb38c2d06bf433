"""Reference footage: the true frames of a job's scene, made when somebody asks for them."""

import asyncio
from pathlib import Path

from framegate.generator.request import VideoRequest
from framegate.generator.service.artifacts import Artifacts
from framegate.generator.workers.pool import Workers
from framegate.generator.workers.tasks import Broken, Done, Kind, Message, Task

REFERENCE = "reference.mp4"


class ClipFailedError(RuntimeError):
    """The footage that somebody waits for will never come."""


class Footage:
    """Makes each reference once, however many ask, after all waiting clips; then keeps it."""

    def __init__(self, workers: Workers, artifacts: Artifacts, *, spool: Path) -> None:
        self._workers = workers
        self._artifacts = artifacts
        self._spool = spool
        self._coming: dict[str, asyncio.Future[None]] = {}

    async def ensure(self, job_id: str, request: VideoRequest) -> None:
        """Return once the footage is stored; raises ClipFailedError when it cannot be made."""
        if self._artifacts.has(job_id, REFERENCE):
            return
        if job_id not in self._coming:
            self._coming[job_id] = asyncio.get_running_loop().create_future()
            self._coming[job_id].add_done_callback(lambda _: self._coming.pop(job_id, None))
            task = Task(job_id, Kind.REFERENCE, request, self._spooled(job_id), "")
            self._workers.submit(task, self._hear)
        await asyncio.shield(self._coming[job_id])

    def _hear(self, message: Message) -> None:
        coming = self._coming.get(message.job_id)
        if coming is None or coming.done():
            return
        if isinstance(message, Broken):
            coming.set_exception(ClipFailedError(f"{message.error_type}: {message.message}"))
        elif isinstance(message, Done):
            self._store(message.job_id, coming)

    def _store(self, job_id: str, coming: asyncio.Future[None]) -> None:
        try:
            self._artifacts.keep(self._spooled(job_id), job_id=job_id, name=REFERENCE)
        except OSError as error:
            coming.set_exception(ClipFailedError(f"storage: {error}"))
            return
        coming.set_result(None)

    def _spooled(self, job_id: str) -> Path:
        return self._spool / f"{job_id}.reference.mp4"
