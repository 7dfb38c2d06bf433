"""The asynchronous service: accepts jobs, has workers paint them, keeps what came of it."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from opentelemetry.context import Context

from framegate.generator.request import VideoRequest
from framegate.generator.service.artifacts import Artifacts
from framegate.generator.service.instruments import Instruments, JobTrace, traceparent_of
from framegate.generator.service.jobs import Failure, VideoJob, advance_job
from framegate.generator.service.reference_footage import ClipFailedError, ReferenceFootage
from framegate.generator.service.rollout import Registry
from framegate.generator.service.settings import GeneratorSettings
from framegate.generator.workers.pool import WorkerPool
from framegate.generator.workers.tasks import (
    FrameWritten,
    TaskDone,
    TaskFailed,
    TaskKind,
    TaskStarted,
    VideoTask,
    WorkerMessage,
)
from framegate.telemetry.signals.names import JobState

CLIP_FILE = "clip.mp4"
CHUNK_BYTES = 256 * 1024
MIN_UTILIZATION_INTERVAL_SECONDS = 1.0


class TooManyJobsError(RuntimeError):
    """More jobs wait than the service is set to hold."""


class Studio:
    """All jobs of one service; lives on one event loop."""

    def __init__(self, settings: GeneratorSettings, instruments: Instruments) -> None:
        self._settings = settings
        self._instruments = instruments
        self._artifacts = Artifacts(settings.artifacts)
        self._jobs: dict[str, VideoJob] = {}
        self._traces: dict[str, JobTrace] = {}
        self._job_changed = asyncio.Condition()
        self._background: set[asyncio.Task[None]] = set()
        settings.spool.mkdir(parents=True, exist_ok=True)
        self._workers = WorkerPool(settings.workers, models=settings.preload)
        self.registry = Registry(settings.spool / "rollout.json")
        self._read_at, self._busy_seconds = time.monotonic(), 0.0
        self._share: float | None = None
        self.footage = ReferenceFootage(self._workers, self._artifacts, spool=settings.spool)

    async def start(self) -> None:
        await self._workers.start()
        self._read_at = time.monotonic()
        self._instruments.observe_utilization(self._utilization)

    async def close(self) -> None:
        """End the workers; what they had not finished has failed."""
        for task in self._workers.close():
            task.path.unlink(missing_ok=True)
            if task.kind is TaskKind.CLIP and not self._jobs[task.job_id].is_finished:
                self._fail(task.job_id, Failure("shutdown", "the service was stopped"))

    @property
    def is_ready(self) -> bool:
        return self._workers.is_ready

    def jobs(self) -> list[VideoJob]:
        return list(self._jobs.values())

    def job(self, job_id: str) -> VideoJob | None:
        return self._jobs.get(job_id)

    def artifact_path(self, job_id: str, name: str) -> Path | None:
        return self._artifacts.local_path(job_id, name)

    def submit(self, request: VideoRequest, *, caller: Context) -> VideoJob:
        """Accept a request; raises TooManyJobsError and leaves nothing behind when full."""
        if self._workers.queued_clips >= self._settings.max_waiting:
            raise TooManyJobsError(f"{self._workers.queued_clips} jobs are waiting")
        now_ns = time.time_ns()
        trace = self._instruments.open_trace(request, caller=caller, now_ns=now_ns)
        trace_id = f"{trace.span.get_span_context().trace_id:032x}"
        job = VideoJob(f"video_{secrets.token_hex(12)}", request, JobState.QUEUED, now_ns, trace_id)
        self._traces[job.id] = trace
        self._store_job(job)
        self._instruments.record_state(job, trace, now_ns=now_ns)
        path = self._settings.spool / f"{job.id}.mp4"
        task = VideoTask(job.id, TaskKind.CLIP, request, path, traceparent_of(trace))
        self._workers.submit(task, self._handle_message)
        self._forget_old()
        return job

    async def follow(self, job_id: str) -> AsyncIterator[bytes]:
        """The clip's bytes as they are written; raises ClipFailedError if it fails."""
        start_ns = time.time_ns()
        sent = 0
        job = await self._wait_for_more(job_id, 0)
        path = self._readable_path(job)
        with path.open("rb") as file:  # stays open when the finished file is moved
            while True:
                while chunk := file.read(min(CHUNK_BYTES, job.readable_bytes - sent)):
                    sent += len(chunk)
                    yield chunk
                if job.is_finished:
                    break
                job = await self._wait_for_more(job_id, sent)
        if job.state is JobState.FAILED:
            raise ClipFailedError(failure_text(job))
        self._record_delivery(job, start_ns=start_ns, size_bytes=sent)

    def read_artifact(self, job_id: str, name: str) -> Iterator[bytes]:
        """A finished file's bytes, wherever it is kept; one that cannot be read is told of."""
        start_ns = time.time_ns()
        try:
            yield from self._artifacts.chunks(job_id, name)
        except OSError as error:
            failure = Failure("storage", str(error))
            self._record_delivery(
                self._jobs[job_id], start_ns=start_ns, size_bytes=0, failure=failure
            )
            raise

    def note_missing_clip(self, job_id: str) -> None:
        """A finished clip is not in its store."""
        failure = Failure("storage", "the clip is not in its store")
        now_ns = time.time_ns()
        self._record_delivery(self._jobs[job_id], start_ns=now_ns, size_bytes=0, failure=failure)

    def note_delivery(self, job_id: str, *, start_ns: int, size_bytes: int) -> None:
        """A finished clip was sent from the store."""
        self._record_delivery(self._jobs[job_id], start_ns=start_ns, size_bytes=size_bytes)

    def _utilization(self) -> float | None:
        """Of the workers' time since the last reading, 0 to 1; None before the first.

        Several who read at once are told the same.
        """
        now, busy_seconds = time.monotonic(), self._workers.busy_seconds
        if now - self._read_at >= MIN_UTILIZATION_INTERVAL_SECONDS:
            seconds = (now - self._read_at) * self._settings.workers
            self._share = min(1.0, max(0.0, (busy_seconds - self._busy_seconds) / seconds))
            self._read_at, self._busy_seconds = now, busy_seconds
        return self._share

    def _handle_message(self, message: WorkerMessage) -> None:
        job = self._jobs.get(message.job_id)
        if job is None or job.is_finished:
            return
        match message:
            case TaskStarted():
                self._begin(job, message)
            case FrameWritten():
                self._advance(job, message)
            case TaskDone():
                self._run_in_background(self._finish(job, message))
            case TaskFailed():
                self._fail(job.id, Failure(message.error_type, message.message))

    def _begin(self, job: VideoJob, message: TaskStarted) -> None:
        job = replace(
            advance_job(job, JobState.PROCESSING),
            started_ns=message.started_ns,
            worker=message.worker or None,
        )
        self._store_job(job)
        trace = self._traces[job.id]
        self._instruments.record_state(job, trace, now_ns=message.started_ns)
        self._instruments.record_start(job, trace, load_seconds=message.load_seconds)

    def _advance(self, job: VideoJob, message: FrameWritten) -> None:
        first = job.first_playable_ns is None
        late = message.work_seconds > 1 / job.request.fps
        job = replace(
            job,
            frames_done=message.index + 1,
            frames_late=job.frames_late + late,
            lag_seconds=max(
                job.lag_seconds, job.playback_lag_seconds(message.index, message.written_ns)
            ),
            readable_bytes=message.size_bytes,
            first_playable_ns=message.written_ns if first else job.first_playable_ns,
        )
        trace = self._traces[job.id]
        self._instruments.record_frame(job, trace, message)
        if first:
            self._instruments.record_first_playable(job, trace)
        self._store_job(job)

    async def _finish(self, job: VideoJob, message: TaskDone) -> None:
        """Encoded, uploaded, complete."""
        trace = self._traces[job.id]
        self._instruments.record_stages(job, trace)
        job = replace(
            advance_job(job, JobState.ENCODED),
            cost=self._cost_of(job, message.done_ns),
            readable_bytes=message.size_bytes,
            sha256=message.sha256,
            stage_seconds=stage_seconds(trace),
        )
        self._change(job, now_ns=message.done_ns)
        spooled = self._settings.spool / f"{job.id}.mp4"
        start_ns = time.time_ns()
        try:
            await asyncio.to_thread(self._artifacts.keep, spooled, job_id=job.id, name=CLIP_FILE)
        except OSError as error:
            failure = Failure("storage", str(error))
            self._instruments.record_upload(
                job, trace, start_ns=start_ns, end_ns=time.time_ns(), failure=failure
            )
            self._fail(job.id, failure)
            return
        end_ns = time.time_ns()
        self._instruments.record_upload(job, trace, start_ns=start_ns, end_ns=end_ns)
        url = f"{self._settings.public_url}/v1/videos/{job.id}/content"
        job = replace(
            advance_job(job, JobState.UPLOADED),
            clip_url=url,
            reference_url=f"{url}?variant=reference",
        )
        self._change(job, now_ns=end_ns)
        self._change(
            replace(advance_job(job, JobState.COMPLETE), finished_ns=end_ns), now_ns=end_ns
        )

    def _cost_of(self, job: VideoJob, done_ns: int) -> float | None:
        """A worker's time at its price."""
        if job.started_ns is None or not self._settings.price_per_hour:
            return None
        return (done_ns - job.started_ns) / 3.6e12 * self._settings.price_per_hour

    def _fail(self, job_id: str, failure: Failure) -> None:
        now_ns = time.time_ns()
        job = advance_job(self._jobs[job_id], JobState.FAILED)
        self._instruments.record_stages(job, self._traces[job_id])
        self._change(replace(job, failure=failure, finished_ns=now_ns), now_ns=now_ns)

    def _change(self, job: VideoJob, *, now_ns: int) -> None:
        self._store_job(job)
        self._instruments.record_state(job, self._traces[job.id], now_ns=now_ns)

    def _store_job(self, job: VideoJob) -> None:
        self._jobs[job.id] = job
        self._run_in_background(self._notify_waiters())

    async def _notify_waiters(self) -> None:
        async with self._job_changed:
            self._job_changed.notify_all()

    async def _wait(self, job_id: str, until: Callable[[VideoJob], bool]) -> VideoJob:
        async with self._job_changed:
            await self._job_changed.wait_for(lambda: until(self._jobs[job_id]))
        return self._jobs[job_id]

    async def _wait_for_more(self, job_id: str, sent: int) -> VideoJob:
        return await self._wait(job_id, lambda job: job.readable_bytes > sent or job.is_finished)

    def _run_in_background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _readable_path(self, job: VideoJob) -> Path:
        if job.state is JobState.FAILED:
            raise ClipFailedError(failure_text(job))
        spooled = self._settings.spool / f"{job.id}.mp4"
        stored = self._artifacts.local_path(job.id, CLIP_FILE)
        return stored if stored and job.is_finished else spooled

    def _record_delivery(
        self, job: VideoJob, *, start_ns: int, size_bytes: int, failure: Failure | None = None
    ) -> None:
        self._instruments.record_delivery(
            job,
            self._traces[job.id],
            start_ns=start_ns,
            end_ns=time.time_ns(),
            size_bytes=size_bytes,
            failure=failure,
        )

    def _forget_old(self) -> None:
        """Keep the memory of a long-running service flat: the oldest finished jobs go."""
        excess = len(self._jobs) - self._settings.max_remembered
        if excess > 0:
            finished = (job.id for job in self._jobs.values() if job.is_finished)
            for job_id in list(islice(finished, excess)):
                del self._jobs[job_id], self._traces[job_id]


def stage_seconds(trace: JobTrace) -> dict[str, float]:
    return {stage: sum(times.frame_seconds) for stage, times in trace.stages.items()}


def failure_text(job: VideoJob) -> str:
    return f"{job.failure.type}: {job.failure.message}" if job.failure else job.state.value
