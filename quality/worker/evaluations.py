"""Reports a scored clip: an event per metric and finding, and a span in the job's trace."""

from collections.abc import Iterator, Mapping

from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    set_span_in_context,
)

from framegate.quality.scoring.score import ClipScore
from framegate.quality.scoring.tally import MetricScore
from framegate.quality.scoring.task import Outcome, ScoringTask
from framegate.telemetry.client.records import Job
from framegate.telemetry.platform.clock import SECOND_NS
from framegate.telemetry.sdk.sdk import Telemetry
from framegate.telemetry.signals import names

SCORED, UNSCORABLE = "scored", "unscorable"

Attributes = dict[str, str | bool | int | float | list[float]]


class EvaluationReporter:
    """Sends outcomes into the traces of their jobs."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._clips = telemetry.counter(names.METRIC_CLIPS_SCORED)
        self._findings = telemetry.counter(names.METRIC_FINDINGS)
        self._seconds = telemetry.histogram(names.METRIC_SCORE_DURATION)

    def report_outcome(self, job: Job, task: ScoringTask, outcome: Outcome) -> None:
        context = job_context(job)
        for attributes in evaluation_attributes(job, task, outcome):
            self._telemetry.event(names.EVENT_EVALUATION, attributes, context=context)
        for attributes in finding_attributes(job, outcome):
            self._telemetry.event(names.EVENT_FINDING, attributes, context=context)
        if outcome.score:
            delivered = delivery_attributes(job, outcome.score)
            self._telemetry.event(names.EVENT_DELIVERY, delivered, context=context)

    def count(self, job: Job, outcome: Outcome) -> None:
        """Count one scored clip in the metrics, and record its span."""
        context = job_context(job)
        labels = {names.WORKLOAD: job.workload}
        ended = SCORED if outcome.score else UNSCORABLE
        self._seconds.record(outcome.seconds, labels, context=context)
        self._clips.add(1, {**labels, names.OUTCOME: ended})
        for attributes in finding_attributes(job, outcome):
            self._findings.add(1, {**labels, names.FINDING: str(attributes[names.FINDING])})
        span = self._telemetry.tracer.start_span(
            names.SPAN_SCORE,
            context,
            attributes=identity_attributes(job),
            start_time=outcome.started_ns,
        )
        span.end(outcome.started_ns + int(outcome.seconds * SECOND_NS))

    def flush(self) -> None:
        self._telemetry.flush()


def evaluation_attributes(job: Job, task: ScoringTask, outcome: Outcome) -> Iterator[Attributes]:
    """The attributes of one event per metric; each has a value or a reason."""
    if outcome.score is None:
        for name in task.metric_ids:
            yield reason_attributes(job, name, outcome.reason or "no value")
        return
    for item in outcome.score.metrics.values():
        yield score_attributes(job, item)


def finding_attributes(job: Job, outcome: Outcome) -> Iterator[Attributes]:
    for finding in outcome.score.findings if outcome.score else ():
        yield {
            **identity_attributes(job),
            names.FINDING: finding.id,
            names.FINDING_DETAIL: finding.detail,
        }


def delivery_attributes(job: Job, score: ClipScore) -> Attributes:
    """What the clip's file delivers, for gates that compare both sides' clips."""
    facts, content = score.clip, score.clip_content
    return {
        **identity_attributes(job),
        names.FRAMES: content.frames,
        names.DURATION: content.seconds,
        names.FPS: facts.fps,
        names.WIDTH: facts.width,
        names.HEIGHT: facts.height,
        names.PIXEL_FORMAT: facts.layout.format,
        names.HAS_AUDIO: content.has_audio,
        names.FRAMES_DIGEST: content.digest,
        names.CLIP_FAULTS: ",".join(score.clip_faults),
    }


def score_attributes(job: Job, item: MetricScore) -> Attributes:
    if item.value is None or item.min is None or item.max is None:
        return reason_attributes(job, item.id, item.reason or "no value")
    return {
        **identity_attributes(job),
        names.EVALUATION_NAME: item.id,
        names.EVALUATION_VALUE: item.value,
        names.EVALUATION_MIN: item.min,
        names.EVALUATION_MAX: item.max,
        names.EVALUATION_FRAMES: item.frames,
        names.EVALUATION_SAMPLED_EVERY: item.sampled_every,
    }


def reason_attributes(job: Job, metric: str, reason: str) -> Attributes:
    return {
        **identity_attributes(job),
        names.EVALUATION_NAME: metric,
        names.EVALUATION_EXPLANATION: reason,
    }


def identity_attributes(job: Job) -> Attributes:
    """Which clip an event is about; attributes that the generator did not send are left out."""
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
