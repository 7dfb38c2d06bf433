"""Jobs and scores to integers."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.budgeting import Budgeting
from slo.counts import Counts, Slices
from slo.periods import TimeWindow
from slo.series import last_seconds, series_of
from slo.slices import slices
from slo.spec import Objective, Sli
from telemetry.names import JobState, Workload
from telemetry.records import Job, Score

SECOND, MINUTE = 10**9, 60 * 10**9
NOW = 1000 * MINUTE
METRIC = "ssim_wang_rgb_v1"

SUCCESS = Objective(
    name="interactive-success",
    workload=Workload.INTERACTIVE,
    sli=Sli.SUCCESS,
    target=Decimal("0.99"),
    budgeting=Budgeting(),
    window=TimeWindow.model_validate({"duration": "7d", "isRolling": True}),
    threshold=None,
    metric=None,
    at_least=False,
    deadline_seconds=600,
    owner="team",
    runbook="docs",
    reason="because",
)
TTFP = replace(SUCCESS, sli=Sli.TTFP, threshold=Decimal("2"))
QUALITY = replace(SUCCESS, sli=Sli.QUALITY, threshold=Decimal("0.85"), metric=METRIC, at_least=True)


def job(
    name: str = "j",
    *,
    state: JobState = JobState.COMPLETE,
    at: int = NOW - MINUTE,
    ttfp: float | None = None,
    workload: Workload = Workload.INTERACTIVE,
) -> Job:
    return Job(
        job_id=name,
        trace_id="t",
        span_id=None,
        tenant=None,
        workload=workload.value,
        model="m",
        prompt_id=None,
        prompt=None,
        seed=None,
        width=None,
        height=None,
        fps=None,
        duration_seconds=None,
        steps=None,
        state=state.value,
        error_type=None,
        submitted_ns=at,
        started_ns=None,
        finished_ns=None,
        updated_ns=at,
        ttfp_seconds=ttfp,
        clip_url=None,
        reference_url=None,
    )


def score(value: float | None, name: str = "j", metric: str = METRIC) -> Score:
    return Score(name, "t", NOW, "interactive", "m", None, None, metric, value, None, None, 1, None)


def window(data: Slices, *, end_ns: int, seconds: int) -> Counts:
    return series_of(data).over(last_seconds(end_ns, seconds))


def judged(objective: Objective, one: Job, *scores: Score) -> Counts:
    return window(slices(objective, [one], scores, now_ns=NOW), end_ns=NOW, seconds=86_400)


GOOD, BAD = Counts(good=1), Counts(bad=1)
OPEN, EXCLUDED = Counts(unscored=1), Counts(excluded=1)
OLD, YOUNG = NOW - 601 * SECOND, NOW - 600 * SECOND


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (job(state=JobState.COMPLETE), GOOD),
        (job(state=JobState.FAILED), BAD),
        (job(state=JobState.CANCELLED), EXCLUDED),
        (job(state=JobState.QUEUED, at=YOUNG), OPEN),
        (job(state=JobState.UPLOADED, at=OLD), BAD),
        (job(workload=Workload.BATCH), Counts()),
    ],
)
def test_success(one: Job, expected: Counts) -> None:
    assert judged(SUCCESS, one) == expected


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (job(ttfp=2.0), GOOD),
        (job(ttfp=2.0000001), BAD),
        (job(ttfp=0.1, state=JobState.FAILED), GOOD),
        (job(state=JobState.FAILED), BAD),
        (job(state=JobState.QUEUED, at=NOW - 3 * SECOND), BAD),
        (job(state=JobState.QUEUED, at=NOW - 2 * SECOND), OPEN),
        (job(state=JobState.CANCELLED), EXCLUDED),
    ],
)
def test_time_to_first_playable(one: Job, expected: Counts) -> None:
    assert judged(TTFP, one) == expected


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([score(0.85)], GOOD),
        ([score(0.8499999)], BAD),
        ([], OPEN),
        ([score(None)], OPEN),
        ([score(float("nan"))], BAD),
        ([score(0.9, metric="ssim_ffmpeg_v1")], OPEN),
        ([score(0.9, name="another job")], OPEN),
    ],
)
def test_quality(scores: list[Score], expected: Counts) -> None:
    assert judged(QUALITY, job(), *scores) == expected


def test_a_failed_job_has_no_quality() -> None:
    assert judged(QUALITY, job(state=JobState.FAILED), score(0.9)) == EXCLUDED


def test_a_lower_is_better_metric_counts_the_other_way() -> None:
    lpips = replace(QUALITY, at_least=False, threshold=Decimal("0.2"))
    assert judged(lpips, job(), score(0.1)) == GOOD
    assert judged(lpips, job(), score(0.3)) == BAD


def test_a_job_named_twice_counts_once() -> None:
    twice = [job(), job()]
    assert window(slices(SUCCESS, twice, [], now_ns=NOW), end_ns=NOW, seconds=3600) == GOOD


STATES = st.sampled_from([JobState.COMPLETE, JobState.FAILED, JobState.CANCELLED, JobState.QUEUED])
TIMES = st.integers(NOW - 600 * MINUTE, NOW)
JOBS = st.lists(st.tuples(STATES, TIMES), max_size=40).map(
    lambda rows: [job(f"j{n}", state=state, at=at) for n, (state, at) in enumerate(rows)]
)


@given(JOBS, st.randoms(use_true_random=False))
def test_order_of_arrival_never_matters(jobs: list[Job], random: object) -> None:
    shuffled = list(jobs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert slices(SUCCESS, jobs, [], now_ns=NOW) == slices(SUCCESS, shuffled, [], now_ns=NOW)


@given(JOBS, st.integers(1, 9))
def test_splitting_a_window_never_changes_its_counts(jobs: list[Job], minutes: int) -> None:
    data = slices(SUCCESS, jobs, [], now_ns=NOW)
    whole = window(data, end_ns=NOW, seconds=600)
    late = window(data, end_ns=NOW, seconds=60 * minutes)
    early = window(data, end_ns=NOW - minutes * MINUTE, seconds=600 - 60 * minutes)
    assert early + late == whole
