"""One clip as a client experiences it: request, stream, playback."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

import httpx

from framegate.loadtest.boxes import BoxError, Fragment, FragmentReader
from framegate.loadtest.mix import ClipRequest
from framegate.loadtest.playback import NO_PLAYBACK, Arrival, Playback, simulate_playback
from framegate.loadtest.service.connection import ServiceConnection

TIMEOUT_SECONDS = 120.0
MAX_RETRY_AFTER_SECONDS = 30.0
MAX_RETRIES = 5  # a client retries this often after 429 before it gives up


class ViewerOutcome(StrEnum):
    """How a request ended for its client."""

    COMPLETE = "complete"
    TRUNCATED = "truncated"  # only a part arrived
    UNPLAYABLE = "unplayable"  # what arrived is not a playable video
    REFUSED = "refused"  # the service did not accept the job
    FAILED = "failed"  # the service accepted the job and delivered nothing


@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """The values that all requests of a run share."""

    model: str
    size: str
    seconds: float
    fps: int = 24


@dataclass(frozen=True, slots=True)
class ViewerResult:
    """What one client measured for one job; ``job_id`` is empty if the job was not accepted."""

    job_id: str
    ask: ClipRequest
    model: str
    outcome: ViewerOutcome
    playback: Playback
    submit_seconds: float
    total_seconds: float
    size_bytes: int
    throttled: int
    error_type: str | None


@dataclass(frozen=True, slots=True)
class StreamResult:
    """What the client received."""

    arrivals: tuple[Arrival, ...]
    size_bytes: int
    whole: bool
    error_type: str | None


def watch_clip(
    service: ServiceConnection, order: RequestTemplate, ask: ClipRequest, *, traceparent: str
) -> ViewerResult:
    """Submit one job and stream its clip to the end; every failure is an outcome."""
    started = time.perf_counter()
    job_id, throttled, error_type = submit_job(service, order, ask, traceparent=traceparent)
    submitted = time.perf_counter()
    stream = StreamResult((), 0, whole=False, error_type=error_type)
    if job_id:
        stream = read_stream(service, job_id)
    playback = (
        simulate_playback(stream.arrivals, requested_at=started) if stream.arrivals else NO_PLAYBACK
    )
    return ViewerResult(
        job_id=job_id,
        ask=ask,
        model=order.model,
        outcome=outcome_of(order, stream, playback) if job_id else ViewerOutcome.REFUSED,
        playback=playback,
        submit_seconds=submitted - started,
        total_seconds=time.perf_counter() - started,
        size_bytes=stream.size_bytes,
        throttled=throttled,
        error_type=stream.error_type,
    )


def submit_job(
    service: ServiceConnection, order: RequestTemplate, ask: ClipRequest, *, traceparent: str
) -> tuple[str, int, str | None]:
    """The job's id, the number of 429 responses, and the error if there is no job."""
    body: dict[str, str | int] = {
        "prompt": ask.prompt,
        "seed": ask.seed,
        "workload": ask.workload.value,
        "model": order.model,
        "size": order.size,
        "seconds": f"{order.seconds:g}",
        "fps": order.fps,
    }
    for throttled in range(MAX_RETRIES + 1):
        try:
            response = service.post(
                "/v1/videos", body, timeout=TIMEOUT_SECONDS, traceparent=traceparent
            )
        except (httpx.RequestError, ConnectionError) as error:
            return "", throttled, type(error).__name__
        if response.is_success:
            job_id = job_id_of(response)
            return job_id, throttled, None if job_id else "no_job_id"
        if response.status_code != 429:
            return "", throttled, f"http_{response.status_code}"
        time.sleep(retry_after_seconds(response))
    return "", MAX_RETRIES + 1, "http_429"


def job_id_of(response: httpx.Response) -> str:
    """The id in the response to a submission; empty without one."""
    try:
        fields = response.json()
    except ValueError:
        return ""
    job_id = fields.get("id") if isinstance(fields, dict) else None
    return job_id if isinstance(job_id, str) else ""


def retry_after_seconds(response: httpx.Response) -> float:
    """The wait that the service asks for; one second if it gives none, or an unreasonable one."""
    try:
        seconds = float(response.headers.get("retry-after", ""))
    except ValueError:
        return 1.0
    return seconds if 0.0 <= seconds <= MAX_RETRY_AFTER_SECONDS else 1.0


def read_stream(service: ServiceConnection, job_id: str) -> StreamResult:
    """Every fragment with the arrival time of its last byte."""
    arrivals: list[Arrival] = []
    reader = FragmentReader()
    size = 0
    error_type = None
    try:
        url = f"{service.url}/v1/videos/{quote(job_id, safe='')}/content"
        with service.stream(url, timeout=TIMEOUT_SECONDS) as response:
            if not response.is_success:
                return StreamResult((), 0, whole=False, error_type=f"http_{response.status_code}")
            for chunk in response.iter_bytes():
                size += len(chunk)
                arrivals += fragment_arrivals(reader, chunk)
    except (httpx.RequestError, BoxError, OSError) as error:
        error_type = type(error).__name__
    whole = error_type is None and not reader.incomplete_bytes
    return StreamResult(tuple(arrivals), size, whole=whole, error_type=error_type)


def fragment_arrivals(reader: FragmentReader, chunk: bytes) -> Iterator[Arrival]:
    for item in reader.feed(chunk):
        if isinstance(item, Fragment):
            yield Arrival(time.perf_counter(), item)


def outcome_of(order: RequestTemplate, stream: StreamResult, playback: Playback) -> ViewerOutcome:
    """A clip is complete when its full length arrived; a clean end of the stream is not enough."""
    if not stream.size_bytes:
        return ViewerOutcome.FAILED
    if not playback.is_playable:
        return ViewerOutcome.UNPLAYABLE
    half_a_frame = 0.5 / order.fps
    long_enough = playback.media_seconds >= order.seconds - half_a_frame
    return ViewerOutcome.COMPLETE if stream.whole and long_enough else ViewerOutcome.TRUNCATED
