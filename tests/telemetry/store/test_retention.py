"""What leaves the tables is in Parquet files, and queries see both."""

import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from framegate.telemetry.client.collector_client import records_from_table
from framegate.telemetry.client.records import Job, Span
from framegate.telemetry.platform.clock import DAY_NS
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.store.database import archive_files
from framegate.telemetry.store.named_queries import bind_query
from framegate.telemetry.store.retention import (
    ARCHIVE_FOLDER,
    RetentionLimits,
    enforce_retention,
    parse_retention,
    table_bytes,
)
from framegate.telemetry.store.store import Store
from tests.telemetry.job_story import JOB_STORY, SECOND, keep
from tests.telemetry.spans import put_span
from tests.volume import examples

NOW_NS = 100 * DAY_NS
WEEK = parse_retention([])  # traces stay for seven days


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path)
    yield opened
    opened.close()


def spans(store: Store, **parameters: str) -> list[Span]:
    return records_from_table(Span, store.read(*bind_query("spans", parameters)).table)


def archive_old(store: Store, bounds: dict[str, RetentionLimits], *, now_ns: int = NOW_NS) -> int:
    """How many rows left the tables."""
    with store.database.read_cursor() as cursor:
        moved = list(enforce_retention(cursor, bounds, now_ns=now_ns, folder=store.folder))
    return sum(file.row_count for file in moved)


def test_rows_past_their_age_move_to_a_file_for_each_day(store: Store, tmp_path: Path) -> None:
    days_old = (20, 20, 19, 3, 0)
    for count, days in enumerate(days_old):
        put_span(store, start_ns=NOW_NS - days * DAY_NS + count)
    before = spans(store)
    assert archive_old(store, WEEK) == 3
    assert len(list((tmp_path / ARCHIVE_FOLDER / "traces").glob("*.parquet"))) == 2
    assert spans(store) == before
    with store.database.read_cursor() as cursor:
        assert cursor.execute("SELECT count(*) FROM spans").fetchall() == [(2,)]


def test_running_again_moves_nothing_more(store: Store) -> None:
    put_span(store, start_ns=1)
    put_span(store, start_ns=NOW_NS)
    assert archive_old(store, WEEK) == 1
    assert archive_old(store, WEEK) == 0
    assert len(spans(store)) == 2


def test_a_file_says_all_of_a_row_to_any_reader(store: Store, tmp_path: Path) -> None:
    put_span(store, start_ns=5)
    put_span(store, start_ns=NOW_NS)
    archive_old(store, WEEK)
    (file,) = (tmp_path / ARCHIVE_FOLDER / "traces").iterdir()
    (row,) = pq.read_table(file).to_pylist()
    assert row["attributes"] == '{"gpu.host":"g7"}'
    assert row["resource"] == '{"host":"h1"}'
    assert row["name"] == "denoise"
    assert row["start_time"].value == 5


def test_rows_that_come_after_their_day_was_archived_are_found_too(store: Store) -> None:
    put_span(store, start_ns=5)
    put_span(store, start_ns=NOW_NS)
    archive_old(store, WEEK)
    put_span(store, start_ns=6, name="late")
    assert {span.name for span in spans(store)} == {"denoise", "late"}
    assert archive_old(store, WEEK) == 1
    assert {span.name for span in spans(store)} == {"denoise", "late"}


def test_files_that_end_before_the_time_asked_for_are_not_opened(
    store: Store, tmp_path: Path
) -> None:
    put_span(store, start_ns=5)
    put_span(store, start_ns=NOW_NS)
    archive_old(store, WEEK)
    (file,) = (tmp_path / ARCHIVE_FOLDER / "traces").iterdir()
    file.unlink()
    assert len(spans(store, since_ns=str(NOW_NS - DAY_NS))) == 1
    with pytest.raises(Exception, match="No files found"):
        spans(store)


def test_a_job_is_folded_from_table_and_archive(store: Store) -> None:
    keep(store, *JOB_STORY[:2])
    keep(store, (200 * DAY_NS, "other", {}))
    assert archive_old(store, WEEK, now_ns=200 * DAY_NS) == 2
    keep(store, *JOB_STORY[2:])
    (job,) = records_from_table(Job, store.read(*bind_query("jobs", {})).table)
    assert (job.state, job.submitted_ns, job.finished_ns) == ("complete", SECOND, 4 * SECOND)


def test_files_of_an_older_schema_are_read(store: Store, tmp_path: Path) -> None:
    """They lack a column that came later; it is NULL there."""
    keep(store, *JOB_STORY)
    keep(store, (200 * DAY_NS, "other", {}))
    assert archive_old(store, WEEK, now_ns=200 * DAY_NS) == len(JOB_STORY)
    for file in (tmp_path / ARCHIVE_FOLDER / "logs").iterdir():
        older = tmp_path / "older.parquet"
        duckdb.read_parquet(str(file)).project("* EXCLUDE (worker)").write_parquet(str(older))
        older.replace(file)
    (job,) = records_from_table(Job, store.read(*bind_query("jobs", {})).table)
    assert (job.state, job.worker) == ("complete", None)


def test_a_clock_ahead_of_all_rows_archives_none_of_them(store: Store) -> None:
    put_span(store, start_ns=NOW_NS)
    assert archive_old(store, WEEK, now_ns=NOW_NS + 1000 * DAY_NS) == 0


def test_a_table_past_its_size_loses_its_oldest_rows(store: Store) -> None:
    for number in range(30):
        put_span(store, start_ns=NOW_NS + number)
    with store.database.read_cursor() as cursor:
        cursor.execute("CHECKPOINT")
        size_bytes = table_bytes(cursor, "spans")
    assert size_bytes > 0
    bounds = WEEK | {"traces": RetentionLimits(size_bytes=size_bytes // 2)}
    assert 10 <= archive_old(store, bounds) <= 20
    assert len(spans(store)) == 30
    with store.database.read_cursor() as cursor:
        (oldest_ns,) = cursor.execute("SELECT epoch_ns(min(start_time)) FROM spans").fetchall()[0]
        assert archive_files(cursor)[-1].last_ns < oldest_ns


def test_the_archive_has_bounds_of_its_own(store: Store, tmp_path: Path) -> None:
    for days in (60, 30, 0):
        put_span(store, start_ns=NOW_NS - days * DAY_NS)
    archive_old(store, WEEK)
    bounds = WEEK | {"archive": RetentionLimits(age_ns=20 * DAY_NS)}
    archive_old(store, bounds)
    assert len(spans(store)) == 2
    assert len(list((tmp_path / ARCHIVE_FOLDER / "traces").iterdir())) == 1


def test_a_file_that_a_crash_left_half_written_is_swept_away(store: Store, tmp_path: Path) -> None:
    left = tmp_path / ARCHIVE_FOLDER / "traces" / "1-2-3.partial"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    whole = left.with_suffix(".parquet")  # a backup of the store's file knows nothing of it
    whole.write_bytes(b"whole")
    put_span(store, start_ns=5)
    assert len(spans(store)) == 1
    archive_old(store, WEEK)
    assert not left.exists()
    assert whole.exists()


ROWS = examples(200)


def test_ingest_goes_on_while_rows_are_archived(store: Store) -> None:
    for number in range(ROWS):
        put_span(store, start_ns=1 + number)
    put_span(store, start_ns=NOW_NS)

    def ingest() -> None:
        for number in range(ROWS):
            put_span(store, start_ns=NOW_NS + 1 + number)

    writer = threading.Thread(target=ingest)
    writer.start()
    moved = archive_old(store, WEEK)
    writer.join()
    assert moved == ROWS
    assert len(spans(store)) == 2 * ROWS + 1


def test_bounds_are_read_from_text() -> None:
    bounds = parse_retention(["traces=12h,2GB", "archive=365d"])
    assert bounds["traces"] == RetentionLimits(DAY_NS // 2, 2_000_000_000)
    assert bounds["archive"] == RetentionLimits(365 * DAY_NS)
    assert bounds["logs"] == WEEK["logs"]


@pytest.mark.parametrize("text", ["traces", "traces=", "traces=0d", "spans=7d", "logs=7 weeks"])
def test_bounds_that_make_no_sense_are_named(text: str) -> None:
    with pytest.raises(InputError, match="retain"):
        parse_retention([text])


def test_the_archive_is_found_again_when_the_folder_moves(tmp_path: Path) -> None:
    first = Store(tmp_path / "here")
    put_span(first, start_ns=5)
    put_span(first, start_ns=NOW_NS)
    archive_old(first, WEEK)
    first.close()
    (tmp_path / "here").rename(tmp_path / "it's there")
    second = Store(tmp_path / "it's there")
    assert len(spans(second)) == 2
    second.close()
