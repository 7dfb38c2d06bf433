"""Sends clips to clients: while they are made, from the spool, and afterwards from their store."""

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from framegate.generator.service.artifacts import CHUNK_BYTES, Artifacts
from framegate.generator.service.instruments import Instruments
from framegate.generator.service.job_list import JobList
from framegate.generator.service.jobs import Failure, VideoJob
from framegate.generator.service.reference_footage import ClipFailedError
from framegate.telemetry.signals.names import JobState

CLIP_FILE = "clip.mp4"


class ClipDelivery:
    """The bytes of every job's clip; each delivery leaves one span in the job's trace."""

    def __init__(
        self, jobs: JobList, artifacts: Artifacts, instruments: Instruments, *, spool: Path
    ) -> None:
        self._jobs = jobs
        self._artifacts = artifacts
        self._instruments = instruments
        self._spool = spool

    def artifact_path(self, job_id: str, name: str) -> Path | None:
        """The file of a finished job, where the store is a folder of this machine."""
        return self._artifacts.local_path(job_id, name)

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
        self.record(job, start_ns=start_ns, size_bytes=sent)

    def read_artifact(self, job: VideoJob, name: str) -> Iterator[bytes]:
        """A finished file's bytes from its store; a read error is recorded and raised again."""
        start_ns = time.time_ns()
        try:
            yield from self._artifacts.chunks(job.id, name)
        except OSError as error:
            failure = Failure("storage", str(error))
            self.record(job, start_ns=start_ns, size_bytes=0, failure=failure)
            raise

    def record_missing_clip(self, job: VideoJob) -> None:
        """Record that a finished clip is not in its store."""
        failure = Failure("storage", "the clip is missing from the artifact store")
        self.record(job, start_ns=time.time_ns(), size_bytes=0, failure=failure)

    def record(
        self, job: VideoJob, *, start_ns: int, size_bytes: int, failure: Failure | None = None
    ) -> None:
        """Record a delivery that began at ``start_ns`` and ends now."""
        self._instruments.record_delivery(
            job,
            self._jobs.trace(job.id),
            start_ns=start_ns,
            end_ns=time.time_ns(),
            size_bytes=size_bytes,
            failure=failure,
        )

    async def _wait_for_more(self, job_id: str, sent: int) -> VideoJob:
        return await self._jobs.wait(
            job_id, lambda job: job.readable_bytes > sent or job.is_finished
        )

    def _readable_path(self, job: VideoJob) -> Path:
        if job.state is JobState.FAILED:
            raise ClipFailedError(failure_text(job))
        spooled = self._spool / f"{job.id}.mp4"
        stored = self._artifacts.local_path(job.id, CLIP_FILE)
        return stored if stored and job.is_finished else spooled


def failure_text(job: VideoJob) -> str:
    return f"{job.failure.type}: {job.failure.message}" if job.failure else job.state.value
