"""Indicators: what each row comes to."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framegate.slo.counting import sli as verdicts
from framegate.slo.counting.expressions import Expression, RelationRows, ValueKind, parse_expression
from framegate.slo.counting.relations import COLUMNS, Relation
from framegate.slo.counting.series import Counts, MinuteSpan, Series, trailing_span
from framegate.slo.counting.sli import Sli
from framegate.slo.judging.status import status
from framegate.slo.objectives.objective import Objective, load_objectives
from framegate.slo.objectives.summary import DEFAULT_SPECS
from framegate.telemetry.client.records import Job, Score
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.signals.names import JobState, Workload
from tests.slo.records import BY_NAME, METRIC, MINUTE, NOW, SECOND, evidence, job, score

SUCCESS, TTFP, QUALITY = (BY_NAME[f"interactive-{sli}"] for sli in ("success", "ttfp", "quality"))


def series(objective: Objective, jobs: list[Job], scores: tuple[Score, ...] = ()) -> Series:
    return evidence([objective], jobs, scores).objective_series(objective).series[0]


def window(data: Series, *, end_ns: int, seconds: int) -> Counts:
    return data.counts_over(trailing_span(end_ns, seconds))


def judged(objective: Objective, one: Job, *scores: Score) -> Counts:
    return window(series(objective, [one], scores), end_ns=NOW, seconds=86_400)


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
        ([score(float("nan"))], OPEN),
        ([score(0.9, metric="ssim_ffmpeg_v1")], OPEN),
        ([score(0.9, name="another job")], OPEN),
    ],
)
def test_quality(scores: list[Score], expected: Counts) -> None:
    assert judged(QUALITY, job(), *scores) == expected


def test_a_failed_job_has_no_quality() -> None:
    assert judged(QUALITY, job(state=JobState.FAILED), score(0.9)) == EXCLUDED


STATES = st.sampled_from([JobState.COMPLETE, JobState.FAILED, JobState.CANCELLED, JobState.QUEUED])
TIMES = st.integers(NOW - 600 * MINUTE, NOW)
JOBS = st.lists(st.tuples(STATES, TIMES), max_size=40).map(
    lambda rows: [job(f"j{n}", state=state, at=at) for n, (state, at) in enumerate(rows)]
)


@given(JOBS, st.randoms(use_true_random=False))
def test_order_of_arrival_never_matters(jobs: list[Job], random: object) -> None:
    shuffled = list(jobs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    straight, mixed = series(SUCCESS, jobs), series(SUCCESS, shuffled)
    for minute in range(NOW // MINUTE - 600, NOW // MINUTE + 1):
        assert straight.counts_over(MinuteSpan(minute, minute + 1)) == mixed.counts_over(
            MinuteSpan(minute, minute + 1)
        )


@given(JOBS, st.integers(1, 9))
def test_splitting_a_window_never_changes_its_counts(jobs: list[Job], minutes: int) -> None:
    data = series(SUCCESS, jobs)
    whole = window(data, end_ns=NOW, seconds=600)
    late = window(data, end_ns=NOW, seconds=60 * minutes)
    early = window(data, end_ns=NOW - minutes * MINUTE, seconds=600 - 60 * minutes)
    assert early + late == whole


POINTS = COLUMNS[Relation.POINTS]


def reading(text: str, kind: ValueKind = ValueKind.TRUTH) -> Expression:
    return parse_expression(text, POINTS, kind=kind)


def summed(sli: Sli, **columns: Sequence[object]) -> list[int]:
    length = len(next(iter(columns.values())))
    rows = pa.table(columns | {"submitted_ns": [0] * length})
    counts = sli.sum_counts(RelationRows(rows), np.zeros(length, np.int64), 1, now_ns=NOW)
    return [int(count) for count in counts[0]]


WEIGHED = Sli(
    Relation.POINTS,
    total=reading("service = 'live'"),
    good=reading("TRUE"),
    weight=reading("count", ValueKind.NUMBER),
    good_weight=reading("count - value", ValueKind.NUMBER),
)


def test_rows_count_as_what_they_weigh() -> None:
    of_service = ["live", "live", "other"]
    counts = summed(WEIGHED, service=of_service, count=[100.0, 50.0, 7.0], value=[3.0, 0.0, 1.0])
    assert counts == [147, 3, 0, 0]


@pytest.mark.parametrize(
    ("count", "late"), [(10.0, 11.0), (-1.0, 0.0), (None, 1.0), (1.5, 0.0), (10.0, -1.0)]
)
def test_weights_that_cannot_be_are_neither_good_nor_bad(count: object, late: object) -> None:
    assert summed(WEIGHED, service=["live"], count=[count], value=[late]) == [0, 0, 1, 0]


def test_of_raw_ratios_every_row_counts_in_millionths() -> None:
    """Good by how much; what is no ratio is neither good nor bad."""
    sli = Sli(
        Relation.POINTS,
        total=reading("TRUE"),
        good=reading("value = 1"),
        ratio=reading("value", ValueKind.NUMBER),
    )
    assert summed(sli, value=[1.0, 0.999, 0.0]) == [1_999_000, 1_001_000, 0, 0]
    assert summed(sli, value=[1.5, -0.1, None]) == [0, 0, 3_000_000, 0]
    assert sli.classify_rows(
        RelationRows(pa.table({"value": [1.0, 0.999, None], "submitted_ns": [0, 0, 0]})), now_ns=NOW
    ).tolist() == [verdicts.GOOD, verdicts.BAD, verdicts.PENDING]


RAW = """
apiVersion: openslo/v1
kind: SLO
metadata:
  name: accepted
  annotations: {framegate/owner: me, framegate/runbook: none, framegate/reason: because}
spec:
  service: video-generation
  indicator:
    metadata: {name: accepted}
    spec:
      ratioMetric:
        rawType: KIND
        raw:
          metricSource: {type: framegate, spec: {where: "TRUE", value: "score('SCORE')"}}
  timeWindow: [{duration: 1h, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.9}]
"""


def test_a_raw_ratio_is_a_share_of_readings(tmp_path: Path) -> None:
    path = tmp_path / "raw.yaml"
    found = {}
    for kind in ("success", "failure"):
        path.write_text(RAW.replace("KIND", kind).replace("SCORE", METRIC))
        (objective,) = load_objectives([path])
        values = {"a": 1.0, "b": 0.7, "c": 0.95, "d": None}
        jobs = [job(name) for name in values]
        scores = [score(value, name) for name, value in values.items()]
        found[kind] = status(objective, evidence([objective], jobs, scores))
    good = found["success"]
    assert good.ratio == pytest.approx((1 + 0.7 + 0.95) / 3)
    assert good.budget_jobs_left == pytest.approx(0.3 - 0.35)
    assert (good.counts.good, good.counts.bad, good.counts.unscored) == (2, 1, 1)
    assert found["failure"].ratio == pytest.approx(1 - (1 + 0.7 + 0.95) / 3)


def test_a_row_that_nobody_knows_to_be_good_is_bad() -> None:
    deep = Sli(Relation.POINTS, total=reading("TRUE"), good=reading("value <= 5"))
    assert summed(deep, value=[5.0, 6.0, None]) == [1, 2, 0, 0]


def test_of_a_bad_ratio_a_row_is_good_only_where_it_is_known_not_to_be_bad(tmp_path: Path) -> None:
    text = (DEFAULT_SPECS / "batch.yaml").read_text()
    text = text.replace("        good:\n", "        bad:\n").replace(
        "where: state = 'complete'", "where: error_type = 'x' OR state <> 'complete'"
    )
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    (objective, *_) = load_objectives([path])
    batch = job(state=JobState.COMPLETE, workload=Workload.BATCH)
    assert judged(objective, batch) == BAD
    path.write_text(text.replace("error_type = 'x' OR ", ""))
    assert judged(load_objectives([path])[0], batch) == GOOD


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("where: state =", "where: stat =", "good.metricSource.spec.where: unknown column"),
        (
            "where: state =",
            "from: spans\n              where: state =",
            "from: is spans, but total is from jobs",
        ),
        ("where: state = 'complete'", "from: jobs", "needs where, value or both"),
        ("where: state = 'complete'", "value: seconds", "value: is allowed only for good"),
        ("deadline: 2h", "deadline: soon", "spec.deadline: .*'soon'"),
        (
            "              open: state",
            "              excludes: state",
            "spec.excludes: unknown key; did you mean 'excluded'",
        ),
        (
            "op: lte\n      value: 60\n      ",
            "",
            ":73: spec.objectives.0: a thresholdMetric needs op",
        ),
        (
            "value: ttfp_seconds\n",
            "value: ttfp_seconds <= 3\n",
            "value: .* is a condition, not a n",
        ),
        ("            value: ttfp_seconds\n", "", "spec.value: is missing"),
        (
            "    framegate/owner",
            "    framegate/group-by: model, seconds\n    framegate/owner",
            "'seconds' is not a text column of jobs",
        ),
        ("counter: true", "counter: false", "counter: must be true"),
    ],
)
def test_errors_in_what_is_counted_name_their_place(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = (DEFAULT_SPECS / "batch.yaml").read_text()
    assert old in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=message) as caught:
        load_objectives([path])
    assert "mine.yaml:" in str(caught.value)
