"""Scores the finished clips of a service: each exactly once, and none is forgotten."""

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

WAIT_SECONDS = 1.0  # for a new commit or a finished score, before the next round
LONGEST_PAUSE_SECONDS = 30.0
LEASE_SECONDS = 120.0  # then another worker may take over the clips of a worker that died
READY_SECONDS = 60.0  # the worker is not ready when the collector has not answered for longer
PAGE_SIZE = 1_000  # pending clips that are read at once; more stay in the collector
# Most rounds read only clips that finished up to this long before the oldest pending clip; every
# FULL_SCAN_INTERVAL_NS, one round reads all, for events that arrived even later.
LATE_EVENT_NS = HOUR_NS
FULL_SCAN_INTERVAL_NS = 10 * MINUTE_NS


@dataclass(frozen=True, slots=True)
class ScorerSettings:
    """What a worker scores, and how; ``samples`` are shares of all clips, not of this worker's."""

    sources: ClipSources = field(default_factory=ClipSources)
    samples: tuple[SamplingRule, ...] = ()
    metrics: tuple[str, ...] = tuple(DEFAULT_METRICS)
    no_reference_metrics: tuple[str, ...] = tuple(WITHOUT_REFERENCE)
    lpips_every: int = LPIPS_EVERY
    lease_seconds: float = LEASE_SECONDS

    def task(self, job: Job) -> ScoringTask:
        return ScoringTask(
            clip=job.clip_url or "",
            reference=job.reference_url,
            metrics=self.metrics,
            no_reference_metrics=self.no_reference_metrics,
            lpips_every=self.lpips_every,
            sources=self.sources,
        )


@dataclass(slots=True)
class LeasedClip:
    """A clip that this worker has a lease on, and how many times its score was reported."""

    job: Job
    task: ScoringTask
    outcome: "Future[Outcome]"
    lease: str
    times_reported: int = 0


@dataclass(slots=True)
class Backlog:
    """The clips that are pending in the collector, as of its last answer."""

    clips: int | None = None
    oldest_ns: int | None = None
    answered_ns: int = field(default_factory=time.time_ns)

    @property
    def age_seconds(self) -> float:
        """Seconds since the collector last answered."""
        return (time.time_ns() - self.answered_ns) / 1e9

    @property
    def lag_seconds(self) -> float:
        """The age of the oldest pending clip; without any, the age of the last answer.

        A clip may have finished just after that answer, so this is an upper bound.
        """
        oldest_ns = self.oldest_ns or self.answered_ns
        return max(0.0, (time.time_ns() - oldest_ns) / 1e9)


class Worker:
    """Keeps a pool of scoring processes busy with clips that it has a lease on.

    A clip's way through a worker; "listed" means that the collector's list of unscored clips
    contains it, which ends when its evaluations are committed::

        listed, lease granted, still listed
              |
              v
          scoring --(process done)--> scored --(listed)--> reported --(not listed)--> settled
              |                         |                   |    ^                       |
              |                         |                   +----+ listed again:         v
              +---- lease lost ---------+-------+           report again, then    lease given back
                                                v           CollectorUnavailableError
                                 forgotten: another worker has it

    A score is kept until its clip is settled. If the collector was down, or lost the evaluation
    before committing it, the score is reported again, but the clip is not scored again.
    Each round renews the leases first, then reads the list, then reports: an evaluation is only
    sent while the lease is held and the clip is listed, so no clip is evaluated twice even when a
    stalled worker comes back after another one took over.
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
        """Why nothing can be scored now; None when all is well."""
        age = self._backlog.age_seconds
        return f"no answer from the collector for {age:.0f} s" if age > READY_SECONDS else None

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop``; while the collector does not answer, retry at growing intervals."""
        pause = 1.0
        while not stop.is_set():
            try:
                self._wait_for_work(self.poll())
                pause = 1.0
            except CollectorUnavailableError:
                stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def close(self) -> None:
        """Give back all leases, so that other workers need not wait until they expire."""
        with suppress(CollectorUnavailableError):  # the leases run out
            self._release_clips(list(self._leased_clips.values()))
        self._leased_clips.clear()

    def score_backlog(self) -> None:
        """Score every clip that is unscored now and not leased by another worker."""
        self.poll()
        while self._leased_clips:
            wait_for_any([work.outcome for work in self._running_clips()], seconds=WAIT_SECONDS)
            self.poll()

    def poll(self) -> int:
        """One round: renew leases, drop settled clips, report scores, start scoring new clips.

        Returns the commit that the list was read at; raises CollectorUnavailableError when the
        collector does not answer, or does not store the evaluations that it acknowledged.
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
        """The clips without an evaluation, oldest first, up to PAGE_SIZE; and their commit."""
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
        """Drop clips that are no longer listed: the collector has their evaluations.

        A full page ends somewhere: a clip that finished at or after its last one may just not be
        on it, so such a clip is kept.
        """
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
        """Renew every lease; a clip whose lease another worker has is forgotten."""
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
        """Report every score whose clip is still listed.

        A clip that is still listed after its score was reported and flushed once: the collector
        acknowledged the evaluation and does not have it. It is reported again, and the error makes
        ``run`` pause.
        """
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
            raise CollectorUnavailableError(
                "the collector does not store the evaluations it receives"
            )

    def _start_scoring(self, jobs: Sequence[Job]) -> None:
        """Lease as many clips as the pool has free processes, and start scoring them."""
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
        # The worker that held the lease before may have reported its score after the list was read:
        # read the list again, now that nobody else can.
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
    """The name of a clip's lease: a hash, because a job id may be of any length."""
    return "score:" + hashlib.sha256(job.job_id.encode()).hexdigest()
