"""Finds finished clips, has them scored, and tells the collector: once each, none forgotten."""

import hashlib
import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field

from framegate.quality.metrics.definitions import DEFAULT_METRICS, WITHOUT_REFERENCE
from framegate.quality.scoring.pools import Pool, wait_for_any
from framegate.quality.scoring.sampling import LPIPS_EVERY
from framegate.quality.scoring.task import Outcome, ScoringTask
from framegate.quality.video.fetch import ClipSources
from framegate.quality.worker.evaluations import EvaluationReporter
from framegate.telemetry.client.collector_client import (
    CollectorClient,
    CollectorUnavailableError,
    records_from_table,
)
from framegate.telemetry.client.records import Job
from framegate.telemetry.platform.clock import HOUR_NS, MINUTE_NS
from framegate.telemetry.sdk.sdk import Telemetry
from framegate.telemetry.signals import names
from framegate.telemetry.store.sampling import SamplingRule, sampling_rules_json

WAIT_SECONDS = 1.0  # for news, before looking again
LONGEST_PAUSE_SECONDS = 30.0
LEASE_SECONDS = 120.0  # after which a dead worker's clips are another one's
READY_SECONDS = 60.0  # without an answer from the collector
PAGE_SIZE = 1_000  # clips looked at; more wait in the collector
# Usually only what is this much older than the oldest clip that waits is looked at; now and then
# everything, for events that come later still.
LATE_EVENT_NS = HOUR_NS
FULL_SCAN_INTERVAL_NS = 10 * MINUTE_NS


@dataclass(frozen=True, slots=True)
class ScorerSettings:
    """What a worker scores, and how; the shares are of all clips, whichever worker scores them."""

    sources: ClipSources = field(default_factory=ClipSources)
    samples: tuple[SamplingRule, ...] = ()
    metrics: tuple[str, ...] = tuple(DEFAULT_METRICS)
    alone: tuple[str, ...] = tuple(WITHOUT_REFERENCE)
    lpips_every: int = LPIPS_EVERY
    lease_seconds: float = LEASE_SECONDS

    def task(self, job: Job) -> ScoringTask:
        return ScoringTask(
            clip=job.clip_url or "",
            reference=job.reference_url,
            metrics=self.metrics,
            alone=self.alone,
            lpips_every=self.lpips_every,
            sources=self.sources,
        )


@dataclass(slots=True)
class LeasedClip:
    """A clip that this worker holds: being scored, or scored and ``told`` so many times."""

    job: Job
    task: ScoringTask
    outcome: "Future[Outcome]"
    lease: str
    times_reported: int = 0


@dataclass(slots=True)
class Backlog:
    """What the collector last said of the clips that wait."""

    clips: int | None = None
    oldest_ns: int | None = None
    answered_ns: int = field(default_factory=time.time_ns)

    @property
    def age_seconds(self) -> float:
        """Since the collector last answered."""
        return (time.time_ns() - self.answered_ns) / 1e9

    @property
    def lag_seconds(self) -> float:
        """How far scoring may be behind: nobody knows what finished since the last answer."""
        oldest_ns = self.oldest_ns or self.answered_ns
        return max(0.0, (time.time_ns() - oldest_ns) / 1e9)


class Worker:
    """Keeps a pool busy with clips that it has a lease on, until it is told to stop.

    What is scored is held until the collector no longer lists it as unscored: if the collector
    was away when it was told, it is told again, and not scored twice. Only what is still listed
    after its lease was prolonged is told; a clip that another worker has taken over is let go.
    """

    def __init__(
        self,
        client: CollectorClient,
        telemetry: Telemetry,
        pool: Pool,
        settings: ScorerSettings | None = None,
    ) -> None:
        self._client = client
        self._pool = pool
        self._settings = settings or ScorerSettings()
        self._samples = sampling_rules_json(self._settings.samples)
        self._holder = str(uuid.uuid4())
        self._leased_clips: dict[str, LeasedClip] = {}
        self._backlog = Backlog()
        self._since_ns = self._full_scan_ns = 0
        self._reporter = EvaluationReporter(telemetry)
        self._lost = telemetry.counter(names.METRIC_LEASES_LOST)
        telemetry.observe(names.METRIC_BACKLOG, lambda: self._backlog.clips)
        telemetry.observe(names.METRIC_LAG, lambda: self._backlog.lag_seconds)
        telemetry.observe(names.METRIC_SCORING, lambda: len(self._running_clips()))

    @property
    def trouble(self) -> str | None:
        """Why nothing is scored now, None when all is well."""
        age = self._backlog.age_seconds
        return f"no answer from the collector for {age:.0f} s" if age > READY_SECONDS else None

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop``; while the collector is away, ask again at growing intervals."""
        pause = 1.0
        while not stop.is_set():
            try:
                self._wait_for_work(self.poll())
                pause = 1.0
            except CollectorUnavailableError:
                stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def close(self) -> None:
        """Give back what is held, so that others need not wait for it."""
        with suppress(CollectorUnavailableError):  # the leases run out
            self._release_clips(list(self._leased_clips.values()))
        self._leased_clips.clear()

    def score_backlog(self) -> None:
        """Score everything that is unscored now and that nobody else holds."""
        self.poll()
        while self._leased_clips:
            wait_for_any([work.outcome for work in self._running_clips()], seconds=WAIT_SECONDS)
            self.poll()

    def poll(self) -> int:
        """One round: let go what is settled, tell what is scored, begin what waits.

        Returns the commit that the list was read at; raises CollectorUnavailableError when the
        collector does not answer, or does not keep what it is told.
        """
        self._renew_leases()
        jobs, commit = self._query_unscored()
        self._release_settled(jobs)
        self._report_scored(jobs)
        self._start_scoring(jobs)
        return commit

    def _wait_for_work(self, commit: int) -> None:
        running = self._running_clips()
        if len(running) < self._pool.size:
            self._client.wait_for_commit(commit, timeout_seconds=WAIT_SECONDS)
        else:
            wait_for_any([work.outcome for work in running], seconds=WAIT_SECONDS)

    def _running_clips(self) -> list[LeasedClip]:
        return [work for work in list(self._leased_clips.values()) if not work.outcome.done()]

    def _query_unscored(self) -> tuple[list[Job], int]:
        """The clips to be scored that nobody has evaluated, oldest first, up to a page."""
        whole = time.time_ns() - self._full_scan_ns > FULL_SCAN_INTERVAL_NS
        since_ns = 0 if whole else self._since_ns
        answer = self._client.query(
            "unscored", limit=PAGE_SIZE, samples=self._samples, since_ns=since_ns
        )
        jobs = records_from_table(Job, answer.table)
        oldest_ns = jobs[0].finished_ns if jobs else None
        self._backlog = Backlog(len(jobs), oldest_ns, time.time_ns())
        self._since_ns = max(0, min(oldest_ns or answer.read_ns, answer.read_ns) - LATE_EVENT_NS)
        self._full_scan_ns = time.time_ns() if whole else self._full_scan_ns
        return jobs, answer.commit

    def _release_settled(self, jobs: Sequence[Job]) -> None:
        """Let go what the collector has an evaluation of; past a full page it may have none."""
        listed = {job.job_id for job in jobs}
        last_ns = jobs[-1].finished_ns or 0 if len(jobs) == PAGE_SIZE else None
        settled = [
            work
            for work in self._leased_clips.values()
            if work.job.job_id not in listed
            and (last_ns is None or (work.job.finished_ns or 0) < last_ns)
        ]
        self._drop(settled)

    def _renew_leases(self) -> None:
        """Prolong every lease; a clip whose lease is another's is let go."""
        names_held = [work.lease for work in self._leased_clips.values()]
        if not names_held:
            return
        seconds = self._settings.lease_seconds
        held = set(self._client.lease(self._holder, names_held, seconds=seconds))
        lost = [key for key, work in self._leased_clips.items() if work.lease not in held]
        self._lost.add(len(lost))
        for key in lost:
            del self._leased_clips[key]

    def _report_scored(self, jobs: Sequence[Job]) -> None:
        """Tell what is scored and listed."""
        listed = (
            self._leased_clips[job.job_id] for job in jobs if job.job_id in self._leased_clips
        )
        scored = [work for work in listed if work.outcome.done()]
        for work in scored:
            self._reporter.report_outcome(work.job, work.task, work.outcome.result())
            if not work.times_reported:
                self._reporter.count(work.job, work.outcome.result())
            work.times_reported += 1
        if scored:
            self._reporter.flush()
        if any(work.times_reported > 1 for work in scored):
            raise CollectorUnavailableError("the collector does not keep what it is told")

    def _start_scoring(self, jobs: Sequence[Job]) -> None:
        """Lease as many clips as the pool has room for, and have them scored."""
        free = self._pool.size - len(self._running_clips())
        waiting = {
            lease_name(job): job
            for job in jobs
            if job.job_id not in self._leased_clips and free > 0
        }
        if not waiting:
            return
        held = self._client.lease(
            self._holder, list(waiting), seconds=self._settings.lease_seconds, most=free
        )
        # Whoever held it before may have told its score after the list was read.
        listed = {job.job_id for job in self._query_unscored()[0]} if held else set()
        self._release_leases([name for name in held if waiting[name].job_id not in listed])
        for name in held:
            job = waiting[name]
            if job.job_id in listed:
                task = self._settings.task(job)
                self._leased_clips[job.job_id] = LeasedClip(
                    job, task, self._pool.submit(task), name
                )

    def _drop(self, works: Sequence[LeasedClip]) -> None:
        for work in works:
            del self._leased_clips[work.job.job_id]
        self._release_clips(works)

    def _release_clips(self, works: Sequence[LeasedClip]) -> None:
        self._release_leases([work.lease for work in works])

    def _release_leases(self, held: Sequence[str]) -> None:
        if held:
            self._client.lease(self._holder, held, seconds=0)


def lease_name(job: Job) -> str:
    """A job's id may be of any length and from anybody."""
    return "score:" + hashlib.sha256(job.job_id.encode()).hexdigest()
