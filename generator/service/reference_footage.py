"""Reference footage: the true frames of a job's scene, made on the first request for them."""

import asyncio
from pathlib import Path

from framegate.generator.request import VideoRequest
from framegate.generator.service.artifacts import Artifacts
from framegate.generator.workers.pool import WorkerPool
from framegate.generator.workers.tasks import (
    TaskDone,
    TaskFailed,
    TaskKind,
    VideoTask,
    WorkerMessage,
)

REFERENCE_FILE = "reference.mp4"
MAX_REMEMBERED = 10_000  # scenes whose reference may be copied


class ClipFailedError(RuntimeError):
    """The clip or reference that a client waits for has failed."""


class ReferenceFootage:
    """Makes each reference once, for any number of simultaneous requests, and stores it.

    Jobs with the same prompt id, of other models for example, have the same reference: it is made
    for the first of them and copied for the others.
    """

    def __init__(self, workers: WorkerPool, artifacts: Artifacts, *, spool: Path) -> None:
        self._workers = workers
        self._artifacts = artifacts
        self._spool = spool
        self._futures: dict[str, asyncio.Future[None]] = {}
        self._made_for: dict[str, str] = {}  # prompt id to the job whose reference was made
        self._copies: set[asyncio.Task[None]] = set()

    async def ensure(self, job_id: str, request: VideoRequest) -> None:
        """Return once the footage is stored; raises ClipFailedError when it cannot be made."""
        if self._artifacts.has(job_id, REFERENCE_FILE):
            return
        if job_id not in self._futures:
            self._futures[job_id] = asyncio.get_running_loop().create_future()
            self._futures[job_id].add_done_callback(lambda _: self._futures.pop(job_id, None))
            source_id = self._made_for.get(request.prompt_id, job_id)
            if source_id == job_id:
                self._make(job_id, request)
            else:
                copy = asyncio.create_task(self._copy(source_id, job_id, request))
                self._copies.add(copy)
                copy.add_done_callback(self._copies.discard)
        await asyncio.shield(self._futures[job_id])

    def _make(self, job_id: str, request: VideoRequest) -> None:
        if len(self._made_for) >= MAX_REMEMBERED:
            del self._made_for[next(iter(self._made_for))]
        self._made_for[request.prompt_id] = job_id
        task = VideoTask(job_id, TaskKind.REFERENCE, request, self._spool_path(job_id), "")
        self._workers.submit(task, self._handle_message)

    async def _copy(self, source_id: str, job_id: str, request: VideoRequest) -> None:
        """Copy another job's reference; where that is not to be had, make it."""
        try:
            if source_id in self._futures:
                await asyncio.shield(self._futures[source_id])
            await asyncio.to_thread(self._artifacts.copy, source_id, job_id, REFERENCE_FILE)
        except Exception:  # noqa: BLE001 - whatever failed, the footage can still be made
            self._make(job_id, request)
        else:
            self._futures[job_id].set_result(None)

    def _handle_message(self, message: WorkerMessage) -> None:
        coming = self._futures.get(message.job_id)
        if coming is None or coming.done():
            return
        if isinstance(message, TaskFailed):
            coming.set_exception(ClipFailedError(f"{message.error_type}: {message.message}"))
        elif isinstance(message, TaskDone):
            self._store(message.job_id, coming)

    def _store(self, job_id: str, coming: asyncio.Future[None]) -> None:
        try:
            self._artifacts.keep(self._spool_path(job_id), job_id=job_id, name=REFERENCE_FILE)
        except OSError as error:
            coming.set_exception(ClipFailedError(f"storage: {error}"))
            return
        coming.set_result(None)

    def _spool_path(self, job_id: str) -> Path:
        return self._spool / f"{job_id}.reference.mp4"
