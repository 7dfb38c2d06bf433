"""Evidence from a collector: scores and jobs of live traffic."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from framegate.gate.live_delivery import deliveries
from framegate.quality.gate.evidence.evidence import (
    Clip,
    DeliveredClip,
    Evidence,
    finite_evidence,
)
from framegate.quality.gate.policy.measures import FAILED, TTFP
from framegate.quality.gate.policy.suite import Suite
from framegate.telemetry.client.collector_client import records_from_table
from framegate.telemetry.client.records import Job, Score
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.signals.names import EVENT_DELIVERY, JobState

FAILED_VALUES = {JobState.COMPLETE.value: 0.0, JobState.FAILED.value: 1.0}


class QueryRows(Protocol):
    """Rows of a named query; ``truncated`` when there were more than one answer may have."""

    @property
    def table(self) -> Any: ...

    @property
    def truncated(self) -> bool: ...


class QuerySource(Protocol):
    """What answers named queries: a collector's client, or its store."""

    def __call__(self, name: str, /, **parameters: str | float) -> QueryRows: ...


def live_evidence(
    ask: QuerySource, source: str, model: str, suite: Suite | None = None, *, since_ns: int = 0
) -> Evidence:
    """All clips of a model version in a collector; with a suite, only those of the suite.

    Raises InputError when there are more scores than one query returns.
    """
    scores = ask("scores", model=model, since_ns=since_ns)
    jobs = ask("jobs", model=model, since_ns=since_ns)
    measured = ask("logs", name=EVENT_DELIVERY, since_ns=since_ns)
    if scores.truncated or jobs.truncated or measured.truncated:
        raise InputError(
            f"{source}: {model} has more scores than one query returns; narrow the time range"
        )
    environment = {"collector": source, "model": model, "times": "live"}
    found = evidence_from_scores(
        model,
        records_from_table(Score, scores.table),
        records_from_table(Job, jobs.table),
        deliveries(measured.table.select(["attributes_json"]).to_pylist()),
    )
    found = replace(found, source=source, environment=environment)
    return restrict_to_suite(found, suite) if suite else found


def restrict_to_suite(evidence: Evidence, suite: Suite) -> Evidence:
    """Only the clips of a suite, with the suite's categories and weights."""
    wanted = {one.key: one for one in suite.clips}
    clips = tuple(
        replace(
            clip,
            unit=wanted[clip.key].unit,
            category=wanted[clip.key].category,
            weight=wanted[clip.key].weight,
        )
        for clip in evidence.clips
        if clip.key in wanted
    )
    return replace(evidence, clips=clips, suite=suite.digest)


def evidence_from_scores(
    model: str,
    scores: Sequence[Score],
    jobs: Sequence[Job] = (),
    delivered: Mapping[str, DeliveredClip] = {},
) -> Evidence:
    """Evidence of all jobs and scores; a job that has not ended is a clip without values.

    Scores without a prompt id are left out, since they cannot be paired; their jobs are not.
    """
    known = {job.job_id: job for job in jobs}
    by_job: dict[str, list[Score]] = {}
    for score in scores:
        by_job.setdefault(score.job_id, []).append(score)
    clips = [
        clip_from_scores(by_job.get(job_id, ()), known.get(job_id), delivered.get(job_id))
        for job_id in dict.fromkeys([*by_job, *known])
    ]
    found = tuple(clip for clip in clips if clip is not None)
    return finite_evidence(Evidence(model, "scores", {"source": "scores"}, found))


def clip_from_scores(
    scores: Iterable[Score], job: Job | None, delivered: DeliveredClip | None
) -> Clip | None:
    own = list(scores)
    key = next((score.prompt_id for score in own), None) or (job.prompt_id if job else None)
    if job and job.state == JobState.CANCELLED and not own:
        return None
    if key is None:
        return clip_without_prompt(job) if job else None
    seed = next((score.seed for score in own), job.seed if job else None)
    return Clip(
        key=key,
        unit=key,
        prompt=(job.prompt if job else None) or key,
        seed=seed,
        values={
            **{one.metric: one.value for one in own if one.value is not None},
            **job_values(job),
        },
        reasons={one.metric: one.reason or "no value" for one in own if one.value is None},
        delivery=delivered,
    )


def clip_without_prompt(job: Job) -> Clip:
    """A job that tells no prompt id: it counts as delivered or failed, and is never paired."""
    key = f"job {job.job_id}"
    return Clip(key=key, unit=key, prompt=job.prompt or key, values=job_values(job))


def job_values(job: Job | None) -> Mapping[str, float]:
    """What making the clip took; nothing for a job that has not ended."""
    if job is None or job.state not in FAILED_VALUES:
        return {}
    ttfp = {} if job.ttfp_seconds is None else {TTFP.id: job.ttfp_seconds}
    return {FAILED.id: FAILED_VALUES[job.state], **ttfp}
