"""The jobs that a service remembers, with their traces, and how to wait for a change of one."""

import asyncio
from collections.abc import Callable, Coroutine
from itertools import islice

from framegate.generator.service.instruments import JobTrace
from framegate.generator.service.jobs import VideoJob


class JobList:
    """All jobs by id, the oldest first; lives on one event loop."""

    def __init__(self, *, max_remembered: int) -> None:
        self._jobs: dict[str, VideoJob] = {}
        self._traces: dict[str, JobTrace] = {}
        self._max_remembered = max_remembered
        self._changed = asyncio.Condition()
        self._background: set[asyncio.Task[None]] = set()

    def all_jobs(self) -> list[VideoJob]:
        return list(self._jobs.values())

    def find(self, job_id: str) -> VideoJob | None:
        return self._jobs.get(job_id)

    def trace(self, job_id: str) -> JobTrace:
        return self._traces[job_id]

    def add(self, job: VideoJob, trace: JobTrace) -> None:
        """Remember a new job; the oldest finished jobs over the limit are forgotten."""
        self._traces[job.id] = trace
        self.update(job)
        excess = len(self._jobs) - self._max_remembered
        if excess > 0:
            finished = (job.id for job in self._jobs.values() if job.is_finished)
            for job_id in list(islice(finished, excess)):
                del self._jobs[job_id], self._traces[job_id]

    def update(self, job: VideoJob) -> None:
        """Replace a job by its newer value and wake up everyone who waits for it."""
        self._jobs[job.id] = job
        self.run_in_background(self._notify_waiters())

    async def wait(self, job_id: str, until: Callable[[VideoJob], bool]) -> VideoJob:
        """The job as soon as ``until`` is true of it."""
        async with self._changed:
            await self._changed.wait_for(lambda: until(self._jobs[job_id]))
        return self._jobs[job_id]

    def run_in_background(self, work: Coroutine[None, None, None]) -> None:
        """Run on this event loop; the set keeps the task from being garbage-collected."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _notify_waiters(self) -> None:
        async with self._changed:
            self._changed.notify_all()
