"""The signals of the service: spans, events and metrics of its jobs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from framegate.generator.request import VideoRequest
from framegate.generator.service.jobs import Failure, VideoJob
from framegate.generator.workers.tasks import FrameWritten
from framegate.telemetry.sdk.sdk import Telemetry
from framegate.telemetry.signals import names
from framegate.telemetry.signals.names import JobState

AttributeValue = str | bool | int | float | list[float]

STAGE_SPANS = {
    "denoise": names.SPAN_DENOISE,
    "decode": names.SPAN_DECODE,
    "encode": names.SPAN_ENCODE,
}


@dataclass(slots=True)
class StageTimes:
    """One stage of a job, frame by frame; times are Unix nanoseconds."""

    first_ns: int
    last_ns: int
    frame_seconds: list[float] = field(default_factory=list)


@dataclass(slots=True)
class JobTrace:
    """A job's open span, and the times of its stages so far."""

    span: Span
    context: Context
    stages: dict[str, StageTimes] = field(default_factory=dict)


class Instruments:
    """The service's signals; one trace per job, from its request to its last byte."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._jobs = telemetry.up_down_counter(names.METRIC_JOBS)
        self._results = telemetry.counter(names.METRIC_JOB_RESULTS)
        self._duration = telemetry.histogram(names.METRIC_JOB_DURATION)
        self._ttfp = telemetry.histogram(names.METRIC_TTFP)
        self._queue_wait = telemetry.histogram(names.METRIC_QUEUE_WAIT)
        self._frame = telemetry.histogram(names.METRIC_FRAME_DURATION)
        self._frames = telemetry.counter(names.METRIC_FRAMES)

    def open_trace(self, request: VideoRequest, *, caller: Context, now_ns: int) -> JobTrace:
        """Start the job's span as a child of the caller's."""
        attributes = {
            names.OPERATION: "generate_content",
            names.OUTPUT_TYPE: "video",
            **request_attributes(request),
        }
        span = self._telemetry.tracer.start_span(
            names.SPAN_JOB, caller, SpanKind.SERVER, attributes, start_time=now_ns
        )
        return JobTrace(span=span, context=set_span_in_context(span, caller))

    def record_state(self, job: VideoJob, trace: JobTrace, *, now_ns: int) -> None:
        """Emit the event and the metrics of a change of state."""
        attributes = {**job_attributes(job), **result_attributes(job)}
        if job.is_finished:
            attributes |= frame_attributes(job)
            if job.cost is not None:
                attributes[names.JOB_COST] = job.cost
        self._telemetry.event(
            names.EVENT_JOB_STATE, attributes, context=trace.context, timestamp_ns=now_ns
        )
        labels = {**metric_labels(job), names.JOB_STATE: job.state.value}
        if job.state in (JobState.QUEUED, JobState.PROCESSING):
            self._jobs.add(1, labels)
        if job.state is JobState.PROCESSING or (job.is_finished and job.started_ns is None):
            self._jobs.add(-1, {**labels, names.JOB_STATE: JobState.QUEUED.value})
        elif job.state is JobState.ENCODED or (
            job.is_finished and job.state is not JobState.COMPLETE
        ):
            self._jobs.add(-1, {**labels, names.JOB_STATE: JobState.PROCESSING.value})
        if job.is_finished:
            self._finish(job, trace, now_ns=now_ns)

    def record_start(self, job: VideoJob, trace: JobTrace, *, load_seconds: float) -> None:
        """Record that a worker has started: time in the queue, time to load the model."""
        begun_ns = job.started_ns or job.accepted_ns
        self._record_stage(names.SPAN_QUEUE, trace, job, job.accepted_ns, begun_ns)
        wait_seconds = (begun_ns - job.accepted_ns) / 1e9
        self._queue_wait.record(wait_seconds, metric_labels(job), context=trace.context)
        if load_seconds:
            loaded_ns = begun_ns + int(load_seconds * 1e9)
            self._record_stage(names.SPAN_LOAD, trace, job, begun_ns, loaded_ns)

    def record_first_playable(self, job: VideoJob, trace: JobTrace) -> None:
        """Record that the first fragment that a player can decode is written."""
        ttfp_seconds = job.ttfp_seconds or 0.0
        self._telemetry.event(
            names.EVENT_FIRST_PLAYABLE,
            job_attributes(job),
            context=trace.context,
            timestamp_ns=job.first_playable_ns,
        )
        self._ttfp.record(ttfp_seconds, metric_labels(job), context=trace.context)

    def record_frame(self, job: VideoJob, trace: JobTrace, written: FrameWritten) -> None:
        """Record the stage times of one frame."""
        start_ns = written.started_ns
        for stage, seconds in (
            ("denoise", written.denoise_seconds),
            ("decode", written.decode_seconds),
            ("encode", written.encode_seconds),
        ):
            end_ns = start_ns + int(seconds * 1e9)
            times = trace.stages.setdefault(stage, StageTimes(start_ns, end_ns))
            times.last_ns = end_ns
            times.frame_seconds.append(seconds)
            start_ns = end_ns
            labels = {**metric_labels(job), names.STAGE: stage}
            self._frame.record(seconds, labels, context=trace.context)
        self._frames.add(1, metric_labels(job))

    def record_stages(self, job: VideoJob, trace: JobTrace) -> None:
        """Write one span per stage, with its frames' seconds as one attribute."""
        for stage, times in trace.stages.items():
            self._record_stage(
                STAGE_SPANS[stage],
                trace,
                job,
                times.first_ns,
                times.last_ns,
                {
                    names.STAGE: stage,
                    names.STAGE_BUSY: sum(times.frame_seconds),
                    names.FRAME_SECONDS: times.frame_seconds,
                },
            )

    def record_upload(
        self,
        job: VideoJob,
        trace: JobTrace,
        *,
        start_ns: int,
        end_ns: int,
        failure: Failure | None = None,
    ) -> None:
        """Record that the clip was stored, or why it was not."""
        self._record_stage(names.SPAN_UPLOAD, trace, job, start_ns, end_ns, failure=failure)

    def record_delivery(
        self,
        job: VideoJob,
        trace: JobTrace,
        *,
        start_ns: int,
        end_ns: int,
        size_bytes: int,
        failure: Failure | None = None,
    ) -> None:
        """Record that a client received the whole clip, or that the clip cannot be read."""
        attributes: dict[str, AttributeValue] = {names.CLIP_BYTES: size_bytes}
        self._record_stage(
            names.SPAN_DELIVER, trace, job, start_ns, end_ns, attributes, failure=failure
        )

    def observe_utilization(self, busy_share: Callable[[], float | None]) -> None:
        """Report how busy the workers were, whenever metrics are read."""
        self._telemetry.observe(names.METRIC_UTILIZATION, busy_share)

    def _finish(self, job: VideoJob, trace: JobTrace, *, now_ns: int) -> None:
        labels = {**metric_labels(job), names.JOB_STATE: job.state.value}
        self._results.add(1, labels)
        seconds = (now_ns - job.accepted_ns) / 1e9
        self._duration.record(seconds, labels, context=trace.context)
        trace.span.set_attributes({**job_attributes(job), **result_attributes(job)})
        if job.failure:
            trace.span.set_status(Status(StatusCode.ERROR, job.failure.message))
        trace.span.end(now_ns)

    def _record_stage(
        self,
        name: str,
        trace: JobTrace,
        job: VideoJob,
        start_ns: int,
        end_ns: int,
        attributes: Mapping[str, AttributeValue] | None = None,
        *,
        failure: Failure | None = None,
    ) -> None:
        span = self._telemetry.tracer.start_span(
            name,
            trace.context,
            attributes={**identity_attributes(job), **(attributes or {})},
            start_time=start_ns,
        )
        if failure:
            span.set_attribute(names.ERROR_TYPE, failure.type)
            span.set_status(Status(StatusCode.ERROR, failure.message))
        span.end(max(start_ns, end_ns))


def traceparent_of(trace: JobTrace) -> str:
    """The job span's W3C trace context."""
    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier, trace.context)
    return carrier.get("traceparent", "")


def identity_attributes(job: VideoJob) -> dict[str, AttributeValue]:
    return {
        names.JOB_ID: job.id,
        names.WORKLOAD: job.request.workload.value,
        names.MODEL: job.request.model,
    }


def metric_labels(job: VideoJob) -> dict[str, str]:
    return {names.WORKLOAD: job.request.workload.value, names.MODEL: job.request.model}


def frame_attributes(job: VideoJob) -> dict[str, AttributeValue]:
    """How many frames were late and how far playback lags; nothing for a job without frames."""
    if not job.frames_done:
        return {}
    return {
        names.FRAMES: job.frames_done,
        names.FRAMES_LATE: job.frames_late,
        names.PLAYBACK_LAG: job.lag_seconds,
    }


def request_attributes(request: VideoRequest) -> dict[str, AttributeValue]:
    replaces: dict[str, AttributeValue] = (
        {names.REPLACES: request.replaces} if request.replaces else {}
    )
    return {
        **replaces,
        names.WORKLOAD: request.workload.value,
        names.TENANT: request.tenant,
        names.MODEL_REQUESTED: request.model,
        names.MODEL: request.model,
        names.PROMPT_ID: request.prompt_id,
        names.PROMPT: request.prompt,
        names.SEED: request.seed,
        names.WIDTH: request.width,
        names.HEIGHT: request.height,
        names.FPS: float(request.fps),
        names.DURATION: request.seconds,
        names.STEPS: request.steps,
    }


def job_attributes(job: VideoJob) -> dict[str, AttributeValue]:
    attributes = request_attributes(job.request)
    attributes |= {names.JOB_ID: job.id, names.JOB_STATE: job.state.value}
    if job.worker:
        attributes[names.WORKER] = job.worker
    if job.ttfp_seconds is not None:
        attributes[names.TIME_TO_FIRST_PLAYABLE] = job.ttfp_seconds
    return attributes


def result_attributes(job: VideoJob) -> dict[str, AttributeValue]:
    """Where the artifact is, or why there is none."""
    if job.failure:
        return {names.ERROR_TYPE: job.failure.type, names.ERROR_MESSAGE: job.failure.message}
    if job.clip_url is None or job.reference_url is None or job.sha256 is None:
        return {}
    return {
        names.CLIP_URL: job.clip_url,
        names.REFERENCE_URL: job.reference_url,
        names.CLIP_SHA256: job.sha256,
        names.CLIP_BYTES: job.readable_bytes,
        names.FRAMES: job.frames_done,
    }
