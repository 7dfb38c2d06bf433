"""The asynchronous service: accepts jobs, has workers make them, follows each to its end."""

import asyncio
import secrets
import time
from dataclasses import replace

from opentelemetry.context import Context

from framegate.generator.request import VideoRequest
from framegate.generator.service.artifacts import Artifacts
from framegate.generator.service.clip_delivery import CLIP_FILE, ClipDelivery
from framegate.generator.service.cost import cost_of
from framegate.generator.service.instruments import Instruments, JobTrace, traceparent_of
from framegate.generator.service.job_list import JobList
from framegate.generator.service.jobs import Failure, VideoJob, advance_job
from framegate.generator.service.reference_footage import ReferenceFootage
from framegate.generator.service.rollout import Registry
from framegate.generator.service.settings import GeneratorSettings
from framegate.generator.service.utilization import UtilizationMeter
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


class TooManyJobsError(RuntimeError):
    """The queue is full: as many jobs wait as the service is set to hold."""


class JobService:
    """Schedules the jobs of one service; lives on one event loop.

    A job's way: ``submit`` queues it, ``_begin`` when a worker takes it, ``_advance`` with every
    frame, ``_finish`` when it is encoded (upload, then complete) or ``_fail``.
    """

    def __init__(self, settings: GeneratorSettings, instruments: Instruments) -> None:
        self._settings = settings
        self._instruments = instruments
        self._artifacts = Artifacts(settings.artifacts)
        self.jobs = JobList(max_remembered=settings.max_remembered)
        settings.spool.mkdir(parents=True, exist_ok=True)
        self._workers = WorkerPool(settings.workers, models=settings.preload)
        self.registry = Registry(settings.spool / "rollout.json")
        self.footage = ReferenceFootage(self._workers, self._artifacts, spool=settings.spool)
        self.delivery = ClipDelivery(self.jobs, self._artifacts, instruments, spool=settings.spool)

    async def start(self) -> None:
        await self._workers.start()
        meter = UtilizationMeter(lambda: self._workers.busy_seconds, workers=self._settings.workers)
        self._instruments.observe_utilization(meter.busy_share)

    async def close(self) -> None:
        """End the workers; what they had not finished has failed."""
        for task in self._workers.close():
            task.path.unlink(missing_ok=True)
            job = self.jobs.find(task.job_id)
            if task.kind is TaskKind.CLIP and job and not job.is_finished:
                self._fail(job, Failure("shutdown", "the service was stopped"))

    @property
    def is_ready(self) -> bool:
        return self._workers.is_ready

    def submit(self, request: VideoRequest, *, caller: Context) -> VideoJob:
        """Accept a request; raises TooManyJobsError and leaves nothing behind when full."""
        if self._workers.queued_clips >= self._settings.max_waiting:
            raise TooManyJobsError(f"the queue is full: {self._workers.queued_clips} jobs")
        now_ns = time.time_ns()
        trace = self._instruments.open_trace(request, caller=caller, now_ns=now_ns)
        trace_id = f"{trace.span.get_span_context().trace_id:032x}"
        job = VideoJob(f"video_{secrets.token_hex(12)}", request, JobState.QUEUED, now_ns, trace_id)
        self.jobs.add(job, trace)
        self._instruments.record_state(job, trace, now_ns=now_ns)
        path = self._settings.spool / f"{job.id}.mp4"
        task = VideoTask(job.id, TaskKind.CLIP, request, path, traceparent_of(trace))
        self._workers.submit(task, self._handle_message)
        return job

    def _handle_message(self, message: WorkerMessage) -> None:
        job = self.jobs.find(message.job_id)
        if job is None or job.is_finished:
            return
        match message:
            case TaskStarted():
                self._begin(job, message)
            case FrameWritten():
                self._advance(job, message)
            case TaskDone():
                self.jobs.run_in_background(self._finish(job, message))
            case TaskFailed():
                self._fail(job, Failure(message.error_type, message.message))

    def _begin(self, job: VideoJob, message: TaskStarted) -> None:
        job = replace(
            advance_job(job, JobState.PROCESSING),
            started_ns=message.started_ns,
            worker=message.worker or None,
        )
        self._change(job, now_ns=message.started_ns)
        trace = self.jobs.trace(job.id)
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
        trace = self.jobs.trace(job.id)
        self._instruments.record_frame(job, trace, message)
        if first:
            self._instruments.record_first_playable(job, trace)
        self.jobs.update(job)

    async def _finish(self, job: VideoJob, message: TaskDone) -> None:
        """Encoded, uploaded, complete."""
        trace = self.jobs.trace(job.id)
        self._instruments.record_stages(job, trace)
        job = replace(
            advance_job(job, JobState.ENCODED),
            cost=cost_of(job, self._settings.price_per_hour, message.done_ns),
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
            self._fail(job, failure)
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

    def _fail(self, job: VideoJob, failure: Failure) -> None:
        """The job has failed; one that was encoded before keeps the cost it had by then."""
        now_ns = time.time_ns()
        cost = job.cost
        if cost is None:
            cost = cost_of(job, self._settings.price_per_hour, now_ns)
        self._instruments.record_stages(job, self.jobs.trace(job.id))
        failed = advance_job(job, JobState.FAILED)
        self._change(replace(failed, cost=cost, failure=failure, finished_ns=now_ns), now_ns=now_ns)

    def _change(self, job: VideoJob, *, now_ns: int) -> None:
        """The job is in a new state: remember it and emit its event."""
        self.jobs.update(job)
        self._instruments.record_state(job, self.jobs.trace(job.id), now_ns=now_ns)


def stage_seconds(trace: JobTrace) -> dict[str, float]:
    return {stage: sum(times.frame_seconds) for stage, times in trace.stages.items()}
