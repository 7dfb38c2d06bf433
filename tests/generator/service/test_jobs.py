"""A job's states."""

from itertools import pairwise

import pytest

from framegate.generator.service.jobs import NEXT_STATES, TransitionError, VideoJob, advance_job
from framegate.generator.service.video_body import parse_request
from framegate.telemetry.signals.names import JobState

JOB = VideoJob(
    "j", parse_request({"prompt": "a ball", "seed": 1, "seconds": 1}), JobState.QUEUED, 0, "t"
)
WAY = (JobState.QUEUED, JobState.PROCESSING, JobState.ENCODED, JobState.UPLOADED, JobState.COMPLETE)


def test_a_good_job_passes_through_every_state() -> None:
    job = JOB
    for _, state in pairwise(WAY):
        job = advance_job(job, state)
    assert job.is_finished
    assert job.progress == 100


@pytest.mark.parametrize("state", [state for state in JobState if not NEXT_STATES[state]])
def test_a_final_state_is_final(state: JobState) -> None:
    job = VideoJob("j", JOB.request, state, 0, "t")
    for other in JobState:
        with pytest.raises(TransitionError, match=f"from {state} to {other}"):
            advance_job(job, other)


def test_no_state_is_skipped() -> None:
    with pytest.raises(TransitionError, match="cannot go from queued to complete"):
        advance_job(JOB, JobState.COMPLETE)


def test_every_state_can_be_reached_and_knows_what_follows() -> None:
    assert set(NEXT_STATES) == set(JobState)
    assert set().union(*NEXT_STATES.values()) | {JobState.QUEUED} == set(JobState)


def test_progress_is_whole_only_when_the_artifact_can_be_had() -> None:
    assert VideoJob("j", JOB.request, JobState.PROCESSING, 0, "t", frames_done=24).progress == 99
