"""A job: its states, which state may follow which, and what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from framegate.generator.request import VideoRequest
from framegate.telemetry.platform.clock import SECOND_NS
from framegate.telemetry.signals.names import JobState

NEXT_STATES: Mapping[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.PROCESSING, JobState.FAILED, JobState.CANCELLED}),
    JobState.PROCESSING: frozenset({JobState.ENCODED, JobState.FAILED, JobState.CANCELLED}),
    JobState.ENCODED: frozenset({JobState.UPLOADED, JobState.FAILED}),
    JobState.UPLOADED: frozenset({JobState.COMPLETE, JobState.FAILED}),
    JobState.COMPLETE: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
}


class TransitionError(RuntimeError):
    """A job cannot change from its state to the requested one."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job failed: a short type that can be counted, and a message for people."""

    type: str
    message: str


@dataclass(frozen=True, slots=True)
class VideoJob:
    """Everything known of one job; times are Unix nanoseconds.

    ``cost`` is in the currency of the workers' price; None before the clip is encoded, for a job
    that no worker started, and where the price is not known.
    """

    id: str
    request: VideoRequest
    state: JobState
    accepted_ns: int
    trace_id: str
    started_ns: int | None = None
    worker: str | None = None
    first_playable_ns: int | None = None
    finished_ns: int | None = None
    frames_done: int = 0
    frames_late: int = 0
    lag_seconds: float = 0.0
    readable_bytes: int = 0
    stage_seconds: Mapping[str, float] = field(default_factory=dict)
    sha256: str | None = None
    clip_url: str | None = None
    reference_url: str | None = None
    failure: Failure | None = None
    cost: float | None = None

    @property
    def is_finished(self) -> bool:
        return not NEXT_STATES[self.state]

    @property
    def progress(self) -> int:
        """Frames done, in percent; 100 only once the clip can be downloaded."""
        if self.state is JobState.COMPLETE:
            return 100
        return min(99, 100 * self.frames_done // self.request.frame_count)

    def playback_lag_seconds(self, index: int, written_ns: int) -> float:
        """How many seconds late a frame is for a viewer who plays from the first frame on."""
        if self.first_playable_ns is None:
            return 0.0
        due_ns = self.first_playable_ns + index * SECOND_NS / self.request.fps
        return max(0.0, (written_ns - due_ns) / 1e9)

    @property
    def ttfp_seconds(self) -> float | None:
        if self.first_playable_ns is None:
            return None
        return (self.first_playable_ns - self.accepted_ns) / 1e9


def advance_job(job: VideoJob, state: JobState) -> VideoJob:
    """The job in its next state; raises TransitionError for a state that does not follow."""
    if state not in NEXT_STATES[job.state]:
        raise TransitionError(f"job {job.id} cannot go from {job.state} to {state}")
    return replace(job, state=state)
