"""The clip of a job: its files and its provenance."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from framegate.quality.video.fetch import ClipSources
from framegate.telemetry.client.collector_client import CollectorClient
from framegate.telemetry.client.records import Job
from framegate.telemetry.platform.errors import InputError


def job_by_id(client: CollectorClient, job_id: str) -> Job:
    """The job; raises InputError if it is unknown, or has no clip or no reference."""
    jobs = client.jobs(job_id=job_id)
    if not jobs:
        raise InputError(f"job {job_id}: is unknown to the collector at {client.url}")
    if not jobs[0].clip_url or not jobs[0].reference_url:
        raise InputError(f"job {job_id}: has no {'reference' if jobs[0].clip_url else 'clip'}")
    return jobs[0]


@contextmanager
def files_of(job: Job, sources: ClipSources) -> Iterator[tuple[Path, Path]]:
    """The job's reference and clip, for as long as they are needed."""
    with ExitStack() as stack:
        reference, clip = (
            stack.enter_context(sources.fetch(url or ""))
            for url in (job.reference_url, job.clip_url)
        )
        yield reference, clip


def provenance(job: Job) -> Mapping[str, str]:
    """What a report shows of a job, by label, without what the generator did not send."""
    size = f"{job.width}x{job.height}" if job.width and job.height else None
    known = {
        "job": job.job_id,
        "trace": job.trace_id,
        "workload": job.workload,
        "model": job.model,
        "prompt": job.prompt,
        "prompt id": job.prompt_id,
        "seed": job.seed,
        "steps": job.steps,
        "requested size": size,
        "requested seconds": job.duration_seconds,
        "frames per second": job.fps,
        "clip": job.clip_url,
        "reference": job.reference_url,
    }
    return {name: str(value) for name, value in known.items() if value not in (None, "")}
