"""Finds finished clips, scores them, and tells the collector: once each, none forgotten."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    set_span_in_context,
)

from quality.fetch import Fetcher
from quality.metrics import DEFAULT
from quality.score import ClipScore, score
from quality.tally import MetricScore
from telemetry import names
from telemetry.client import CollectorClient, CollectorUnavailableError, records
from telemetry.errors import InputError
from telemetry.records import Job
from telemetry.sdk import Telemetry

WAIT_SECONDS = 2.0  # for news from the collector, before looking whether to stop
LONGEST_PAUSE_SECONDS = 30.0
SCORED, UNSCORABLE = "scored", "unscorable"

Attributes = dict[str, str | bool | int | float | list[float]]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is to be told of one job's clip: one event's attributes per metric."""

    job: Job
    events: tuple[Attributes, ...]


class Worker:
    """Scores one clip after the other until it is told to stop.

    An evaluation is kept until the collector no longer lists its job as unscored; if the
    collector was away when it was sent, it is sent again, and the clip is not scored twice.
    """

    def __init__(self, client: CollectorClient, telemetry: Telemetry, fetcher: Fetcher) -> None:
        self._client = client
        self._telemetry = telemetry
        self._fetcher = fetcher
        self._untold: dict[str, Evaluation] = {}
        self._clips = telemetry.counter(names.METRIC_CLIPS_SCORED)
        self._seconds = telemetry.histogram(names.METRIC_SCORE_DURATION)

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop``; while the collector is away, ask again at growing intervals."""
        pause = 1.0
        commit = 0
        while not stop.is_set():
            try:
                commit = self.work_through(stop)
                self._client.wait_for_commit(commit, timeout_seconds=WAIT_SECONDS)
                pause = 1.0
            except CollectorUnavailableError:
                stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def work_through(self, stop: threading.Event) -> int:
        """Evaluate everything unscored; returns the commit that the list was read at."""
        answer = self._client.query("unscored")
        jobs = records(Job, answer.table)
        listed = {job.job_id for job in jobs}
        self._untold = {key: value for key, value in self._untold.items() if key in listed}
        for job in jobs:
            if stop.is_set():
                break
            if job.job_id not in self._untold:
                self._untold[job.job_id] = self.evaluate(job)
            self.tell(self._untold[job.job_id])
        return answer.commit

    def evaluate(self, job: Job) -> Evaluation:
        """Score one job's clip; what cannot be scored is an evaluation that says why."""
        started_ns, started = time.time_ns(), time.perf_counter()
        outcome = SCORED
        try:
            metrics = self._score(job).metrics
            events = tuple(score_attributes(job, metrics[name]) for name in metrics)
        except InputError as error:
            outcome = UNSCORABLE
            events = tuple(reason_attributes(job, name, str(error)) for name in DEFAULT)
        labels = {names.WORKLOAD: job.workload}
        context = job_context(job)
        self._seconds.record(time.perf_counter() - started, labels, context=context)
        self._clips.add(1, {**labels, names.OUTCOME: outcome})
        span = self._telemetry.tracer.start_span(
            names.SPAN_SCORE, context, attributes=identity(job), start_time=started_ns
        )
        span.end()
        return Evaluation(job, events)

    def tell(self, evaluation: Evaluation) -> None:
        context = job_context(evaluation.job)
        for attributes in evaluation.events:
            self._telemetry.event(names.EVENT_EVALUATION, attributes, context=context)
        self._telemetry.flush()

    def _score(self, job: Job) -> ClipScore:
        if not job.clip_url or not job.reference_url:
            raise InputError(f"job {job.job_id}: has no {'reference' if job.clip_url else 'clip'}")
        with (
            self._fetcher.local(job.reference_url) as reference,
            self._fetcher.local(job.clip_url) as clip,
        ):
            return score(reference, clip)


def score_attributes(job: Job, item: MetricScore) -> Attributes:
    if item.value is None or item.min is None or item.max is None:
        return reason_attributes(job, item.id, item.reason or "no value")
    return {
        **identity(job),
        names.EVALUATION_NAME: item.id,
        names.EVALUATION_VALUE: item.value,
        names.EVALUATION_MIN: item.min,
        names.EVALUATION_MAX: item.max,
        names.EVALUATION_FRAMES: item.frames,
    }


def reason_attributes(job: Job, metric: str, reason: str) -> Attributes:
    return {
        **identity(job),
        names.EVALUATION_NAME: metric,
        names.EVALUATION_EXPLANATION: reason,
    }


def identity(job: Job) -> Attributes:
    """Which clip an evaluation is of; what the generator did not say is left out."""
    known: Mapping[str, str | int | None] = {
        names.JOB_ID: job.job_id,
        names.WORKLOAD: job.workload,
        names.MODEL: job.model,
        names.PROMPT_ID: job.prompt_id,
        names.SEED: job.seed,
    }
    return {key: value for key, value in known.items() if value is not None}


def job_context(job: Job) -> Context:
    """A context inside the job's trace; an empty one when the job has none."""
    try:
        trace_id, span_id = int(job.trace_id, 16), int(job.span_id or "", 16)
    except ValueError:
        return Context()
    parent = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(1))
    return set_span_in_context(NonRecordingSpan(parent), Context())
