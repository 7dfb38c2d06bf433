"""The Locust user: plays one clip after the other, as a person would.

Closed loop: each request waits for the previous clip to end, and times count from sending.
A slow service therefore gets fewer requests, not later ones.
"""

from collections.abc import Iterator

from locust import User, task
from locust.exception import StopUser
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from framegate.loadtest.mix import ClipRequest
from framegate.loadtest.service.connection import ServiceConnection
from framegate.loadtest.watch import RequestTemplate, ViewerResult, watch_clip
from framegate.telemetry.sdk.sdk import Telemetry
from framegate.telemetry.signals import names


class Viewer(User):  # type: ignore[misc]  # locust publishes no types
    """Plays the clips of its run until none are left."""

    abstract = True
    service: ServiceConnection
    order: RequestTemplate
    asks: Iterator[ClipRequest]
    seen: list[ViewerResult]
    telemetry: Telemetry

    @task  # type: ignore[untyped-decorator]
    def watch_next_clip(self) -> None:
        ask = next(self.asks, None)
        if ask is None:
            raise StopUser
        span = self.telemetry.tracer.start_span(names.SPAN_CLIENT, Context(), SpanKind.CLIENT)
        context = set_span_in_context(span, Context())
        watched = watch_clip(self.service, self.order, ask, traceparent=traceparent_of(context))
        span.end()
        self.seen.append(watched)
        self.telemetry.event(
            names.EVENT_CLIENT_OUTCOME, outcome_attributes(watched), context=context
        )
        self.report(watched)

    def report(self, watched: ViewerResult) -> None:
        """Add the measured times to Locust's own statistics, in milliseconds."""
        failed = None if watched.outcome == "complete" else RuntimeError(watched.outcome)
        marks = [("submit", watched.submit_seconds), ("last byte", watched.total_seconds)]
        if watched.playback.ttfp_seconds is not None:
            marks.append(("first playable", watched.playback.ttfp_seconds))
        for name, seconds in marks:
            self.environment.events.request.fire(
                request_type=watched.ask.workload.value,
                name=name,
                response_time=seconds * 1000,
                response_length=watched.size_bytes if name == "last byte" else 0,
                exception=failed if name == "last byte" else None,
                context={},
            )


def traceparent_of(context: Context) -> str:
    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier, context)
    return carrier.get("traceparent", "")


def outcome_attributes(watched: ViewerResult) -> dict[str, str | bool | int | float | list[float]]:
    """The attributes of the client outcome event."""
    attributes: dict[str, str | bool | int | float | list[float]] = {
        names.WORKLOAD: watched.ask.workload.value,
        names.MODEL: watched.model,
        names.OUTCOME: watched.outcome.value,
        names.PLAYABLE: watched.playback.is_playable,
        names.CLIENT_SECONDS: watched.total_seconds,
        names.STALL_COUNT: watched.playback.stall_count,
        names.STALL_SECONDS: watched.playback.stall_seconds,
        names.FRAMES: watched.playback.frames,
        names.CLIP_BYTES: watched.size_bytes,
    }
    if watched.job_id:
        attributes[names.JOB_ID] = watched.job_id
    if watched.playback.ttfp_seconds is not None:
        attributes[names.TIME_TO_FIRST_PLAYABLE] = watched.playback.ttfp_seconds
    if watched.error_type:
        attributes[names.ERROR_TYPE] = watched.error_type
    return attributes
