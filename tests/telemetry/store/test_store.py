"""The store on a real DuckDB file."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from framegate.telemetry.client.collector_client import records_from_table
from framegate.telemetry.client.records import Job, Score
from framegate.telemetry.otlp.bodies import Signal
from framegate.telemetry.otlp.rows import DecodedRows
from framegate.telemetry.signals import names
from framegate.telemetry.store.named_queries import bind_query
from framegate.telemetry.store.store import Store
from tests.telemetry.job_story import JOB_STORY, QUEUED, SECOND, keep, rows


def jobs(store: Store, **parameters: str) -> list[Job]:
    return records_from_table(Job, store.read(*bind_query("jobs", parameters)).table)


@pytest.fixture
def store(tmp_path: Path) -> Any:
    opened = Store(tmp_path)
    yield opened
    opened.close()


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_a_job_is_the_same_whatever_order_its_events_come_in(
    store: Store, order: tuple[int, ...]
) -> None:
    for index in order:
        keep(store, JOB_STORY[index])
    (job,) = jobs(store)
    assert (job.state, job.submitted_ns, job.started_ns, job.finished_ns, job.ttfp_seconds) == (
        "complete",
        1 * SECOND,
        2 * SECOND,
        4 * SECOND,
        2.0,
    )
    assert job.clip_url == "http://127.0.0.1/clip"


def test_a_job_that_never_finishes_is_visible(store: Store) -> None:
    keep(store, JOB_STORY[0])
    assert [(job.state, job.finished_ns) for job in jobs(store)] == [("queued", None)]


def test_an_attribute_of_the_wrong_type_is_no_number(store: Store) -> None:
    keep(store, (1, names.EVENT_JOB_STATE, QUEUED | {names.SEED: "seven", names.WIDTH: 0.5}))
    assert [(job.seed, job.width) for job in jobs(store)] == [(None, None)]


def test_a_clip_leaves_unscored_when_an_evaluation_arrives(store: Store) -> None:
    keep(store, *JOB_STORY)
    unscored = records_from_table(Job, store.read(*bind_query("unscored", {})).table)
    assert [job.job_id for job in unscored] == ["j1"]
    evaluation = {names.JOB_ID: "j1", names.EVALUATION_NAME: "ssim_wang_rgb_v1"}
    keep(store, (5 * SECOND, names.EVENT_EVALUATION, evaluation))
    assert store.read(*bind_query("unscored", {})).table.num_rows == 0


def test_the_latest_score_of_a_clip_counts_even_when_it_has_no_value(store: Store) -> None:
    scored = {names.JOB_ID: "j1", names.EVALUATION_NAME: "ssim_wang_rgb_v1"}
    keep(store, (2, names.EVENT_EVALUATION, scored | {names.EVALUATION_EXPLANATION: "404"}))
    keep(store, (1, names.EVENT_EVALUATION, scored | {names.EVALUATION_VALUE: 0.9}))
    (score,) = records_from_table(Score, store.read(*bind_query("scores", {})).table)
    assert (score.value, score.reason) == (None, "404")


def test_the_same_body_is_stored_once(store: Store) -> None:
    assert keep(store, JOB_STORY[0]) == 1
    assert keep(store, JOB_STORY[0]) == 0


def test_a_store_reopens_with_what_it_held(tmp_path: Path) -> None:
    first = Store(tmp_path)
    keep(first, *JOB_STORY)
    first.close()
    again = Store(tmp_path)
    assert len(jobs(again)) == 1
    assert again.watermark_ns == 4 * SECOND
    assert keep(again, *JOB_STORY) == 0
    again.close()


def test_a_sender_with_a_fast_clock_does_not_make_data_look_newer_than_now(store: Store) -> None:
    keep(store, (2**62, names.EVENT_JOB_STATE, QUEUED))
    reading = store.read(*bind_query("jobs", {}))
    assert reading.watermark_ns is not None
    assert reading.watermark_ns <= reading.read_ns


def test_rows_the_database_refuses_fail_alone(store: Store) -> None:
    good = rows(JOB_STORY[0])
    column = good.table.column_names.index("trace_id")
    bad = DecodedRows(good.table.set_column(column, "trace_id", pa.array([None], pa.string())))
    outcomes = [
        store.append(Signal.LOGS, bad, digest=b"bad"),
        store.append(Signal.LOGS, good, digest=b"good"),
    ]
    with pytest.raises(duckdb.Error, match="NOT NULL"):
        outcomes[0].result(timeout=20)
    assert outcomes[1].result(timeout=20) == 1


def test_every_listener_of_commits_is_called(store: Store) -> None:
    """A second listener used to replace the first."""
    counts: list[tuple[str, int]] = []
    seconds: list[float] = []

    def listener(name: str) -> Callable[[str, pa.Table], None]:
        return lambda _, new: counts.append((name, new.num_rows))

    store.committed_rows.add(listener("first"))
    store.committed_rows.add(listener("second"))
    remove = store.committed_rows.add(listener("third"))
    remove()
    store.commits.add(seconds.append)
    keep(store, *JOB_STORY[:2])
    store.close()  # once the writer has called them
    assert counts == [("first", 2), ("second", 2)]
    assert len(seconds) == 1


def test_a_listener_that_fails_stops_neither_the_others_nor_the_writer(store: Store) -> None:
    counts: list[int] = []

    def fail(_: str, new: pa.Table) -> None:
        raise RuntimeError(f"{new.num_rows} rows")

    store.committed_rows.add(fail)
    store.committed_rows.add(lambda _, new: counts.append(new.num_rows))
    assert keep(store, *JOB_STORY[:1]) == 1
    assert keep(store, *JOB_STORY[1:2]) == 1
    assert counts == [1, 1]
