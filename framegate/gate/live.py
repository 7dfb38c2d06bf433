"""Evidence from what a collector holds: the scores and jobs of live traffic."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from framegate.quality.gate.evidence.evidence import Clip, Evidence, finite
from framegate.quality.gate.policy.measures import FAILED, TTFP
from framegate.quality.gate.policy.suite import Suite
from framegate.telemetry.client.collector_client import records
from framegate.telemetry.client.records import Job, Score
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.signals.names import JobState

FINISHED = {JobState.COMPLETE.value: 0.0, JobState.FAILED.value: 1.0}


class Rows(Protocol):
    """Rows of a named query, and whether there are more than were let through."""

    @property
    def table(self) -> Any: ...

    @property
    def truncated(self) -> bool: ...


class Ask(Protocol):
    """Whoever answers named queries: a collector's client, or its store."""

    def __call__(self, name: str, /, **parameters: str | float) -> Rows: ...


def live_evidence(
    ask: Ask, source: str, model: str, suite: Suite | None = None, *, since_ns: int = 0
) -> Evidence:
    """All clips of a model version that a collector knows; with a suite, only that suite's.

    Raises InputError where the collector has more of them than it answers at once.
    """
    scores = ask("scores", model=model, since_ns=since_ns)
    jobs = ask("jobs", model=model, since_ns=since_ns)
    if scores.truncated or jobs.truncated:
        raise InputError(f"{source}: {model} has more scores than one answer holds")
    environment = {"collector": source, "model": model, "times": "live"}
    found = evidence_from(model, records(Score, scores.table), records(Job, jobs.table))
    found = replace(found, source=source, environment=environment)
    return of_suite(found, suite) if suite else found


def of_suite(evidence: Evidence, suite: Suite) -> Evidence:
    """The clips of a suite, with its categories and weights."""
    wanted = {one.key: one for one in suite.wanted}
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


def evidence_from(model: str, scores: Sequence[Score], jobs: Sequence[Job] = ()) -> Evidence:
    """Scores without a prompt's id can have no partner and are left out."""
    known = {job.job_id: job for job in jobs}
    by_job: dict[str, list[Score]] = {}
    for score in scores:
        by_job.setdefault(score.job_id, []).append(score)
    clips = [
        clip_from(by_job.get(job_id, ()), known.get(job_id))
        for job_id in dict.fromkeys([*by_job, *known])
    ]
    found = tuple(clip for clip in clips if clip is not None)
    return finite(Evidence(model, "scores", {"source": "scores"}, found))


def clip_from(scores: Iterable[Score], job: Job | None) -> Clip | None:
    own = list(scores)
    key = next((score.prompt_id for score in own), None) or (job.prompt_id if job else None)
    if key is None or (not own and not making(job)):
        return None
    seed = next((score.seed for score in own), job.seed if job else None)
    return Clip(
        key=key,
        unit=key,
        prompt=(job.prompt if job else None) or key,
        seed=seed,
        values={
            **{one.metric: one.value for one in own if one.value is not None},
            **making(job),
        },
        reasons={one.metric: one.reason or "no value" for one in own if one.value is None},
    )


def making(job: Job | None) -> Mapping[str, float]:
    """What the service says of the clip's making; a clip that is not finished says nothing."""
    if job is None or job.state not in FINISHED:
        return {}
    ttfp = {} if job.ttfp_seconds is None else {TTFP.id: job.ttfp_seconds}
    return {FAILED.id: FINISHED[job.state], **ttfp}
