"""A job's states."""

from itertools import pairwise

import pytest

from framegate.generator.service.jobs import FOLLOWS, Job, TransitionError, advanced
from framegate.generator.service.video_body import request_of
from framegate.telemetry.signals.names import JobState

JOB = Job("j", request_of({"prompt": "a ball", "seed": 1, "seconds": 1}), JobState.QUEUED, 0, "t")
WAY = (JobState.QUEUED, JobState.PROCESSING, JobState.ENCODED, JobState.UPLOADED, JobState.COMPLETE)


def test_a_good_job_passes_through_every_state() -> None:
    job = JOB
    for _, state in pairwise(WAY):
        job = advanced(job, state)
    assert job.finished
    assert job.progress == 100


@pytest.mark.parametrize("state", [state for state in JobState if not FOLLOWS[state]])
def test_a_final_state_is_final(state: JobState) -> None:
    job = Job("j", JOB.request, state, 0, "t")
    for other in JobState:
        with pytest.raises(TransitionError, match=f"from {state} to {other}"):
            advanced(job, other)


def test_no_state_is_skipped() -> None:
    with pytest.raises(TransitionError, match="cannot go from queued to complete"):
        advanced(JOB, JobState.COMPLETE)


def test_every_state_can_be_reached_and_knows_what_follows() -> None:
    assert set(FOLLOWS) == set(JobState)
    assert set().union(*FOLLOWS.values()) | {JobState.QUEUED} == set(JobState)


def test_progress_is_whole_only_when_the_artifact_can_be_had() -> None:
    assert Job("j", JOB.request, JobState.PROCESSING, 0, "t", frames_done=24).progress == 99
