"""Jobs and scores to one-minute slices of integers."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from slo.counts import MINUTE_NS, SECOND_NS, Counts, Slices
from slo.spec import Objective, Sli
from telemetry.names import JobState
from telemetry.records import Job, Score

NOT_DONE = frozenset({JobState.QUEUED, JobState.PROCESSING, JobState.ENCODED, JobState.UPLOADED})


GOOD, BAD = Counts(good=1), Counts(bad=1)
UNSCORED, EXCLUDED = Counts(unscored=1), Counts(excluded=1)


def slices(
    objective: Objective, jobs: Iterable[Job], scores: Iterable[Score], *, now_ns: int
) -> Slices:
    """The objective's slices; a job counts in the minute it was submitted, and once."""
    wanted = {job.job_id: job for job in jobs if job.workload == objective.workload}
    values = {
        score.job_id: score.value
        for score in scores
        if score.metric == objective.metric and score.job_id in wanted
    }
    result: dict[int, Counts] = {}
    for job in wanted.values():
        minute = job.submitted_ns // MINUTE_NS
        verdict = JUDGES[objective.sli](objective, job, values.get(job.job_id), now_ns)
        result[minute] = result.get(minute, Counts()) + verdict
    return result


def judge_success(objective: Objective, job: Job, _: float | None, now_ns: int) -> Counts:
    if job.state == JobState.COMPLETE:
        return GOOD
    if job.state == JobState.CANCELLED:
        return EXCLUDED
    return BAD if job.state == JobState.FAILED or overdue(objective, job, now_ns) else UNSCORED


def judge_ttfp(objective: Objective, job: Job, _: float | None, now_ns: int) -> Counts:
    """A job that never became playable is bad, not absent."""
    if job.ttfp_seconds is not None:
        return GOOD if meets(objective, job.ttfp_seconds) else BAD
    if job.state == JobState.CANCELLED:
        return EXCLUDED
    ended = job.state not in NOT_DONE
    waited = (now_ns - job.submitted_ns) / SECOND_NS
    return BAD if ended or not meets(objective, waited) else UNSCORED


def judge_quality(objective: Objective, job: Job, value: float | None, _: int) -> Counts:
    """Only complete clips have a quality; one without a score is neither good nor bad."""
    if job.state != JobState.COMPLETE:
        return EXCLUDED
    if value is None:
        return UNSCORED
    return GOOD if meets(objective, value) else BAD


JUDGES: Mapping[Sli, Callable[[Objective, Job, float | None, int], Counts]] = {
    Sli.SUCCESS: judge_success,
    Sli.TTFP: judge_ttfp,
    Sli.QUALITY: judge_quality,
}


def meets(objective: Objective, value: float) -> bool:
    """Compared in decimal as people write it: 2.0 s meets a threshold of 2 s."""
    if objective.threshold is None or value != value:
        return False
    exact = Decimal(repr(value))
    return exact >= objective.threshold if objective.at_least else exact <= objective.threshold


def overdue(objective: Objective, job: Job, now_ns: int) -> bool:
    return now_ns - job.submitted_ns > objective.deadline_seconds * SECOND_NS
