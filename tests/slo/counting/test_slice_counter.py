"""Slices kept as rows come in, over a real store."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from framegate.slo.counting.job_tallies import tally_jobs
from framegate.slo.counting.series import Counts, MinuteSpan
from framegate.slo.counting.sli import Sli
from framegate.slo.counting.slice_counter import RowStream, SliceCounter
from framegate.telemetry.store.database import StoreUnavailableError
from framegate.telemetry.store.named_queries import bind_query
from framegate.telemetry.store.store import Store
from tests.slo.indicators import FINISHED, QUALITY, SLIS, SUCCESS
from tests.slo.job_events import DAY, MINUTE, SECOND, START, event, scored, send
from tests.volume import examples

HORIZON = 3 * DAY


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "store")
    yield opened
    opened.close()


@contextmanager
def following(store: Store, *slis: Sli, end_ns: int = START) -> Iterator[SliceCounter]:
    engine = SliceCounter(store.stream_rows, horizon_ns=HORIZON)
    store.committed_rows.add(engine.commit_log.record_rows)
    engine.follow(slis or SLIS, end_ns=end_ns)
    try:
        yield engine
    finally:
        engine.close()


def at(engine: SliceCounter, sli: Sli, when_ns: int) -> Counts:
    minute = when_ns // MINUTE
    return engine.tally(sli).whole.counts_over(MinuteSpan(minute, minute + 1))


GOOD, BAD, WAITS = Counts(good=1), Counts(bad=1), Counts(unscored=1)


def test_a_job_is_counted_where_it_was_submitted_as_far_as_it_has_come(store: Store) -> None:
    with following(store) as engine:
        send(store, [event("j", "queued", START)])
        assert engine.tick(end_ns=START) > 0
        assert at(engine, SUCCESS, START) == WAITS
        send(store, [event("j", "complete", START + 2 * MINUTE)])
        engine.tick(end_ns=START + 2 * MINUTE)
        assert at(engine, SUCCESS, START) == GOOD
        assert at(engine, SUCCESS, START + 2 * MINUTE) == Counts()
        assert at(engine, QUALITY, START) == WAITS
        send(store, [scored("j", 0.9, START + 3 * MINUTE)])
        engine.tick(end_ns=START + 3 * MINUTE)
        assert at(engine, QUALITY, START) == GOOD
        send(store, [scored("j", 0.5, START + 4 * MINUTE)])
        engine.tick(end_ns=START + 4 * MINUTE)
        assert at(engine, QUALITY, START) == BAD
        assert list(engine.tally(SUCCESS).groups) == [("m1",)]


def test_a_job_that_never_ends_is_bad_once_the_data_are_past_its_deadline(store: Store) -> None:
    with following(store) as engine:
        send(store, [event("j", "queued", START + 30 * SECOND)])
        for later, expected in ((10 * MINUTE, WAITS), (10 * MINUTE + 31 * SECOND, BAD)):
            engine.tick(end_ns=START + later)
            assert at(engine, SUCCESS, START) == expected
        send(store, [event("j", "complete", START + 20 * MINUTE)])
        engine.tick(end_ns=START + 20 * MINUTE)
        assert at(engine, SUCCESS, START) == GOOD


def test_a_late_first_event_moves_a_job_to_its_own_minute(store: Store) -> None:
    with following(store) as engine:
        send(store, [event("j", "complete", START + 5 * MINUTE)])
        engine.tick(end_ns=START + 5 * MINUTE)
        assert at(engine, SUCCESS, START + 5 * MINUTE) == GOOD
        send(store, [event("j", "queued", START)])
        engine.tick(end_ns=START + 5 * MINUTE)
        assert at(engine, SUCCESS, START + 5 * MINUTE) == Counts()
        assert at(engine, SUCCESS, START) == GOOD


def test_rows_that_are_no_jobs_are_counted_in_their_own_minutes(store: Store) -> None:
    with following(store) as engine:
        send(store, [event("j", "failed", START), event("k", "failed", START, tenant=None)])
        send(store, [event("l", "failed", START, attributes='{"extra": "many"}')])
        engine.tick(end_ns=START)
        assert at(engine, FINISHED, START) == Counts(good=2, bad=1)
        groups = engine.tally(FINISHED).groups
        minute = MinuteSpan(START // MINUTE, START // MINUTE + 1)
        assert groups["a",].counts_over(minute) == Counts(good=1, bad=1)
        assert groups["",].counts_over(minute) == Counts(good=1)


def month(generator: random.Random, jobs: int) -> list[dict[str, Any]]:
    """Jobs of two days, some failing, some cancelled, some never ending, some scored."""
    rows: list[dict[str, Any]] = []
    for number in range(jobs):
        begun = START + generator.randrange(2 * DAY)
        name, model = f"j{number}", generator.choice(["m1", "m2", "m3"])
        workload = generator.choice(["interactive", "batch"])
        end = generator.choice(["complete", "complete", "failed", "cancelled", "processing"])
        for step, state in enumerate(("queued", "processing", end)):
            late = step * generator.randrange(1, 300) * SECOND
            rows.append(event(name, state, begun + late, model=model, workload=workload))
        if generator.random() < 0.5:
            rows.append(scored(name, generator.random(), begun + 400 * SECOND))
    return rows


def all_series(engine: SliceCounter) -> list[Counts]:
    """Every series' count of every hour."""
    first = START // MINUTE
    hours = [MinuteSpan(first + 60 * hour, first + 60 * hour + 60) for hour in range(49)]
    return [
        series.counts_over(hour)
        for sli in SLIS
        for series in (
            engine.tally(sli).whole,
            *(series for _, series in sorted(engine.tally(sli).groups.items())),
        )
        for hour in hours
    ]


@pytest.mark.parametrize("seed", range(examples(3)))
def test_any_order_and_any_batches_end_where_a_fresh_start_ends(store: Store, seed: int) -> None:
    """The order of arrival never matters, and neither do repeats."""
    generator = random.Random(seed)
    rows = month(generator, 150)
    rows += generator.sample(rows, 40)
    generator.shuffle(rows)
    end_ns = START
    with following(store) as engine:
        while rows:
            count = generator.randrange(1, 60)
            batch, rows = rows[:count], rows[count:]
            send(store, batch)
            end_ns = max(end_ns, *(row["event_time"] for row in batch))
            engine.tick(end_ns=end_ns)
        kept = all_series(engine)
        with following(store, end_ns=end_ns) as fresh:
            assert all_series(fresh) == kept
        answers = [store.read(*bind_query(name, {})).table for name in ("jobs", "scores")]
        other = tally_jobs([SUCCESS, QUALITY], answers[0], answers[1], end_ns=end_ns)
        whole = MinuteSpan(0, end_ns // MINUTE + 1)
        for sli in (SUCCESS, QUALITY):
            assert other[sli].whole.counts_over(whole) == engine.tally(sli).whole.counts_over(whole)
            assert other[sli].whole.counts_over(whole).total > 0


def test_a_day_that_comes_late_reopens_its_slices(store: Store) -> None:
    with following(store) as engine:
        send(store, [event("now", "complete", START + 2 * DAY)])
        engine.tick(end_ns=START + 2 * DAY)
        late = [event(f"late{n}", "complete", START + n * MINUTE) for n in range(1000)]
        send(store, late)
        engine.tick(end_ns=START + 2 * DAY)
        first = START // MINUTE
        assert engine.tally(SUCCESS).whole.counts_over(MinuteSpan(first, first + 1000)).good == 1000
        assert engine.tally(SUCCESS).whole.counts_over(MinuteSpan(first, first + 4000)).good == 1001


def test_what_is_older_than_the_horizon_is_forgotten(store: Store) -> None:
    with following(store) as engine:
        send(store, [event("old", "complete", START)])
        engine.tick(end_ns=START)
        for day in range(1, 9):
            send(store, [event(f"j{day}", "complete", START + day * DAY)])
            engine.tick(end_ns=START + day * DAY)
        series = engine.tally(SUCCESS).whole
        assert series.first >= (START + 2 * DAY) // MINUTE
        assert series.counts_over(MinuteSpan(0, (START + 9 * DAY) // MINUTE)).good <= 6
        assert engine.jobs <= 6


def test_news_that_could_not_be_read_are_taken_in_later(store: Store) -> None:
    broken: list[bool] = []

    @contextmanager
    def read(sql: str, values: Any, since_ns: int) -> Iterator[pa.RecordBatchReader]:
        if broken:
            raise StoreUnavailableError("the disk is away")
        with store.stream_rows(sql, values, since_ns) as reader:
            yield reader

    engine = SliceCounter(read, horizon_ns=HORIZON)
    store.committed_rows.add(engine.commit_log.record_rows)
    engine.follow(SLIS, end_ns=START)
    send(store, [event("j", "complete", START)])
    broken.append(True)
    with pytest.raises(StoreUnavailableError):
        engine.tick(end_ns=START)
    assert at(engine, SUCCESS, START) == Counts()
    broken.clear()
    engine.tick(end_ns=START)
    assert at(engine, SUCCESS, START) == GOOD
    engine.close()


def test_new_indicators_are_built_whole_and_old_ones_stay(store: Store) -> None:
    send(store, [event("j", "complete", START), scored("j", 0.9, START)])
    with following(store, SUCCESS, end_ns=START) as engine:
        before = engine.tally(SUCCESS)
        engine.follow([SUCCESS, QUALITY], end_ns=START)
        assert engine.tally(SUCCESS) is before
        assert at(engine, QUALITY, START) == GOOD
        engine.follow([QUALITY], end_ns=START)
        with pytest.raises(KeyError):
            engine.tally(SUCCESS)


def test_services_are_heard_of_through_every_signal(store: Store) -> None:
    send(store, [event("j", "complete", START, service="one")])
    with following(store, end_ns=START) as engine:
        send(store, [event("j", "complete", START + 5 * MINUTE, service="two")])
        engine.tick(end_ns=START + 5 * MINUTE)
        assert engine.presence.services == ["one", "two"]
        minute = START // MINUTE
        assert engine.presence.covered_minutes(MinuteSpan(minute, minute + 8), ["one"]) == 4
        assert engine.presence.covered_minutes(MinuteSpan(minute, minute + 8)) == 7


def test_days_without_rows_are_not_read(store: Store) -> None:
    """A collector that starts over an empty store judges at once: no query for each day."""
    queries: list[str] = []

    def read(sql: str, values: Mapping[str, object], since_ns: int) -> RowStream:
        queries.append(sql)
        return store.stream_rows(sql, values, since_ns)

    def first_count() -> tuple[int, int]:
        queries.clear()
        counter = SliceCounter(read, horizon_ns=400 * DAY)
        counter.follow([FINISHED], end_ns=START)
        good = counter.tally(FINISHED).whole.counts_over(MinuteSpan(0, START // MINUTE + 1)).good
        counter.close()
        return len(queries), good

    without_rows, good = first_count()
    assert good == 0
    days = (300, 299, 0)
    send(store, [event(f"j{day}", "complete", START - day * DAY) for day in days])
    assert first_count() == (without_rows + len(days), len(days))
    assert without_rows < 6
