"""The rows of the named queries as frozen records.

Times (``_ns``) are Unix nanoseconds, durations (``_seconds``) seconds, sizes (``_bytes``) bytes.
None means that something has not happened or is not known.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """One job: the newest state, and the other values from all of its events, in any order."""

    job_id: str
    trace_id: str
    span_id: str | None
    tenant: str | None
    workload: str
    model: str
    prompt_id: str | None
    prompt: str | None
    seed: int | None
    width: int | None
    height: int | None
    fps: float | None
    duration_seconds: float | None
    steps: int | None
    state: str
    error_type: str | None
    submitted_ns: int
    started_ns: int | None
    finished_ns: int | None
    updated_ns: int
    ttfp_seconds: float | None
    clip_url: str | None
    reference_url: str | None
    worker: str | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """One metric's score of one clip; without a value, ``reason`` says why.

    ``minimum`` and ``maximum`` are the lowest and highest score of a frame, in the metric's unit.
    """

    job_id: str
    trace_id: str
    scored_ns: int
    workload: str
    model: str
    prompt_id: str | None
    seed: int | None
    metric: str
    value: float | None
    minimum: float | None
    maximum: float | None
    frames: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class ClientOutcome:
    """What one client measured for one job."""

    job_id: str
    trace_id: str
    seen_ns: int
    workload: str
    model: str
    outcome: str
    playable: bool
    ttfp_seconds: float | None
    duration_seconds: float | None
    stall_count: int
    stall_seconds: float
    frames: int
    size_bytes: int
    error_type: str | None


@dataclass(frozen=True, slots=True)
class Span:
    """One finished span; ``kind`` and ``status`` are the numbers of OTLP."""

    trace_id: str
    span_id: str
    parent_span_id: str | None
    service: str
    name: str
    kind: int
    status: int
    start_ns: int
    duration_ns: int
    job_id: str | None
    attributes_json: str
