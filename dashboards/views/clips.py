"""The latest clips, with their scores."""

from collections.abc import Iterable
from dataclasses import dataclass

from framegate.telemetry.client.records import Job, Score
from framegate.telemetry.signals.names import JobState

PLAYABLE_SCHEMES = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class Card:
    """One clip to play."""

    url: str
    title: str
    lines: tuple[str, ...]


def latest_cards(jobs: Iterable[Job], scores: Iterable[Score], *, count: int) -> list[Card]:
    """The newest complete clips that a browser can fetch."""
    by_job: dict[str, list[Score]] = {}
    for score in scores:
        by_job.setdefault(score.job_id, []).append(score)
    done = [
        job
        for job in jobs
        if job.state == JobState.COMPLETE and (job.clip_url or "").startswith(PLAYABLE_SCHEMES)
    ]
    newest = sorted(done, key=lambda job: job.submitted_ns, reverse=True)[:count]
    return [card_of(job, by_job.get(job.job_id, [])) for job in newest]


def card_of(job: Job, scores: list[Score]) -> Card:
    values = [
        f"{score.metric}: {'no score' if score.value is None else f'{score.value:.3f}'}"
        for score in sorted(scores, key=lambda score: score.metric)
    ]
    return Card(
        url=job.clip_url or "",
        title=job.prompt or job.job_id,
        lines=(
            f"{job.model} · {job.workload} · {job.width}x{job.height}",
            " · ".join(values) or "not scored yet",
            f"trace {job.trace_id}",
        ),
    )
