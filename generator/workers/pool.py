"""The worker processes of the service, and the queues of tasks before them."""

import asyncio
import multiprocessing
import platform
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from framegate.generator.workers.tasks import (
    TaskDone,
    TaskFailed,
    TaskKind,
    TaskStarted,
    VideoTask,
    WorkerMessage,
    WorkerReady,
)

JOIN_SECONDS = 5.0
WORKER_DIED = "worker_died"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A task, and the callback that gets every message about it."""

    task: VideoTask
    report: Callable[[WorkerMessage], None]


@dataclass(slots=True)
class WorkerProcess:
    """One process; ``assignment`` is its current task, None when it is free.

    ``name`` belongs to the place: a process that replaces one that died gets the same name.
    """

    name: str
    kind: TaskKind
    process: BaseProcess
    connection: Connection
    is_ready: bool = False
    assignment: Assignment | None = None
    assigned_at: float = 0.0  # of the monotonic clock


def run_worker(connection: Connection, kind: TaskKind, models: tuple[str, ...]) -> None:
    """A worker process's entry; torch and the model are imported here, and only for clips."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches us through the service
    if kind is TaskKind.CLIP:
        from framegate.generator.workers.painter import run_clip_worker

        run_clip_worker(connection, models)
    else:
        from framegate.generator.workers.reference_painter import run_reference_worker

        run_reference_worker(connection)


class WorkerPool:
    """Worker processes behind two queues: ``count`` for clips, half as many for references.

    A worker does only one kind of task, so that a clip never waits for a reference.
    A worker that dies is replaced, and its task is reported as failed.
    Must be used from one event loop.
    """

    def __init__(self, count: int, *, models: tuple[str, ...]) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._models = models
        self._workers: list[WorkerProcess] = []
        self._waiting: dict[TaskKind, deque[Assignment]] = {kind: deque() for kind in TaskKind}
        self._all_ready = asyncio.Event()
        self._closing = False
        self._count = count
        self._busy_seconds = 0.0

    async def start(self) -> None:
        """Start the processes; returns when every one has passed its self-test."""
        for number in range(self._count):
            self._spawn(f"{platform.node()}-{number}", TaskKind.CLIP)
        for number in range((self._count + 1) // 2):  # a reference costs about half of its clip
            self._spawn(f"{platform.node()}-reference-{number}", TaskKind.REFERENCE)
        await self._all_ready.wait()

    @property
    def busy_seconds(self) -> float:
        """The seconds that all workers together have spent on clips, up to now."""
        now = time.monotonic()
        return self._busy_seconds + sum(
            now - worker.assigned_at
            for worker in self._workers
            if worker.kind is TaskKind.CLIP and worker.assignment
        )

    @property
    def queued_clips(self) -> int:
        """Clips that no worker has started."""
        return len(self._waiting[TaskKind.CLIP])

    @property
    def is_ready(self) -> bool:
        return any(worker.is_ready and worker.kind is TaskKind.CLIP for worker in self._workers)

    def submit(self, task: VideoTask, report: Callable[[WorkerMessage], None]) -> None:
        """Queue a task; ``report`` is called on the event loop with every message about it."""
        self._waiting[task.kind].append(Assignment(task, report))
        self._assign()

    def close(self) -> list[VideoTask]:
        """End every process; returns the tasks that were not finished."""
        self._closing = True
        unfinished = [worker.assignment.task for worker in self._workers if worker.assignment]
        unfinished += [item.task for queue in self._waiting.values() for item in queue]
        for worker in self._workers:
            worker.connection.close()
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(JOIN_SECONDS)
            if worker.process.is_alive():
                worker.process.kill()
        return unfinished

    def _spawn(self, name: str, kind: TaskKind) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=run_worker, args=(theirs, kind, self._models), daemon=True
        )
        process.start()
        theirs.close()  # so that our end sees the process die
        worker = WorkerProcess(name, kind, process, ours)
        self._workers.append(worker)
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._listen, args=(worker, loop), daemon=True).start()

    def _listen(self, worker: WorkerProcess, loop: asyncio.AbstractEventLoop) -> None:
        """Pass a worker's messages to the event loop until its process ends."""
        try:
            while True:
                loop.call_soon_threadsafe(self._handle_message, worker, worker.connection.recv())
        except (EOFError, OSError):
            if not self._closing:
                loop.call_soon_threadsafe(self._replace_worker, worker)

    def _handle_message(self, worker: WorkerProcess, message: WorkerMessage | WorkerReady) -> None:
        if isinstance(message, WorkerReady):
            worker.is_ready = True
            if all(other.is_ready for other in self._workers):
                self._all_ready.set()
        elif worker.assignment:
            if isinstance(message, TaskStarted):
                message = replace(message, worker=worker.name)
            worker.assignment.report(message)
        if isinstance(message, TaskDone | TaskFailed):
            self._release(worker)
        self._assign()

    def _replace_worker(self, worker: WorkerProcess) -> None:
        self._workers.remove(worker)
        worker.process.join(JOIN_SECONDS)
        if worker.assignment:
            task = worker.assignment.task
            task.path.unlink(missing_ok=True)
            reason = f"the worker exited with code {worker.process.exitcode}"
            worker.assignment.report(TaskFailed(task.job_id, WORKER_DIED, reason))
        self._release(worker)
        self._spawn(worker.name, worker.kind)

    def _release(self, worker: WorkerProcess) -> None:
        if worker.assignment and worker.kind is TaskKind.CLIP:
            self._busy_seconds += time.monotonic() - worker.assigned_at
        worker.assignment = None

    def _assign(self) -> None:
        for worker in self._workers:
            queue = self._waiting[worker.kind]
            if worker.is_ready and worker.assignment is None and queue:
                worker.assignment, worker.assigned_at = queue.popleft(), time.monotonic()
                with suppress(BrokenPipeError):  # its listener sees it die and reports
                    worker.connection.send(worker.assignment.task)
