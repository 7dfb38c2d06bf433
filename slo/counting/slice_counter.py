"""Count indicators minute by minute while the store receives rows.

A changed minute is always counted again from all of its rows, so that late, repeated and reordered
rows give the same integers.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

import duckdb
import numpy as np
import pyarrow as pa

from framegate.slo.counting.arrivals import MAX_CHANGED_JOBS, CommitLog, Presence, StoreChanges
from framegate.slo.counting.expressions import RelationRows
from framegate.slo.counting.job_table import JobTable, jobs_sql
from framegate.slo.counting.relations import DIMENSIONS, TABLES, TIME_COLUMNS, Relation
from framegate.slo.counting.series import IndicatorTally, IntArray, MinuteSpan
from framegate.slo.counting.sli import Projection, Sli, count_rows, projection_of, rows_sql
from framegate.telemetry.platform.clock import DAY_MINUTES, MINUTE_NS
from framegate.telemetry.store.named_queries import LONGEST_JOB_NS

Parameters = Mapping[str, object]
# The rows of a query over the store, reaching back to a time.
RowStream = AbstractContextManager[pa.RecordBatchReader]
RunQuery = Callable[[str, Parameters, int], RowStream]


class SliceCounter:
    """Tallies of a set of indicators over the last ``horizon_ns``; safe to share between threads.

    ``read`` runs a query on the store. If it raises, nothing has changed and no change is lost.
    """

    def __init__(self, read: RunQuery, *, horizon_ns: int) -> None:
        self.commit_log = CommitLog()
        self.presence = Presence()
        self._read = read
        self._horizon_ns = horizon_ns
        self._lock = threading.RLock()
        self._tallies: dict[Sli, IndicatorTally] = {}
        self._job_table: JobTable | None = None
        self._end_ns = 0
        self._dropped_before = 0
        self.jobs = 0  # jobs in memory

    def close(self) -> None:
        """Drop everything; ``follow`` starts again."""
        with self._lock:
            self._tallies = {}
            if self._job_table:
                self._job_table.close()
                self._job_table = None

    @property
    def tallies(self) -> Mapping[Sli, IndicatorTally]:
        """The tallies of all followed indicators."""
        return dict(self._tallies)

    def tally(self, sli: Sli) -> IndicatorTally:
        """The tally of an indicator; raises KeyError if it is not followed."""
        return self._tallies[sli]

    def classify_rows(
        self, sli: Sli, span: MinuteSpan, *, end_ns: int
    ) -> tuple[pa.Table, IntArray]:
        """The rows of an indicator in a span, and the class of each."""
        with self._lock:
            minutes = np.arange(span.first, max(span.last, span.first + 1))
            table = self._rows(sli.relation, [sli], minutes)
        return table, sli.classify_rows(RelationRows(table), now_ns=end_ns)

    def trace_of(self, job_id: str, *, since_ns: int) -> str | None:
        """The trace id of a job that has its first event at that time."""
        sql = (
            "SELECT min(trace_id) AS trace_id FROM events "
            "WHERE job_id = $job_id AND event_time >= make_timestamp_ns($since_ns)"
        )
        values = {"job_id": job_id, "since_ns": since_ns}
        with self._read(sql, values, since_ns) as reader:
            found: list[str | None] = reader.read_all().column(0).to_pylist()
        return found[0] or None

    @property
    def size_bytes(self) -> int:
        """Bytes of the series, without the table of jobs."""
        return sum(tally.size_bytes for tally in list(self._tallies.values()))

    def follow(self, slis: Iterable[Sli], *, end_ns: int) -> None:
        """Count these indicators from now on, and drop all others; new ones are counted in full.

        ``end_ns`` is the newest known time: deadlines after it have not passed.
        """
        wanted = list(dict.fromkeys(slis))
        with self._lock:
            first = not self._tallies
            kept = {sli: self._tallies[sli] for sli in wanted if sli in self._tallies}
            new = [sli for sli in wanted if sli not in kept]
            if first:
                self.commit_log.take()  # the full count below includes these changes
                self._load_presence(end_ns)
            built = self._build_tallies(new, wanted, end_ns=end_ns)
            self._tallies = {sli: kept.get(sli) or built[sli] for sli in wanted}
            self.jobs = self._job_table.size if self._job_table else 0
            self._end_ns = max(self._end_ns, end_ns)

    def tick(self, *, end_ns: int) -> int:
        """Apply everything committed since; returns the number of recounted minutes."""
        with self._lock:
            news = self.commit_log.take()
            try:
                return self._apply_changes(news, end_ns=max(end_ns, self._end_ns))
            except TooManyChangesError:
                raise
            except BaseException:
                self.commit_log.put_back(news)
                raise

    def _apply_changes(self, news: StoreChanges, *, end_ns: int) -> int:
        keep_from = self._first_minute(end_ns)
        minutes = dict(news.minutes)
        minutes[Relation.JOBS] = self._refold_jobs(news) | self._due_minutes(end_ns)
        counted = 0
        for relation, of_relation in minutes.items():
            kept = sorted(minute for minute in of_relation if minute >= keep_from)
            if kept and any(sli.relation is relation for sli in self._tallies):
                self._recount(relation, np.array(kept, np.int64), end_ns=end_ns)
                counted += len(kept)
        for service, heard in news.services.items():
            self.presence.add_minutes(service, heard)
        self._end_ns = end_ns
        self._forget(keep_from)
        self.jobs = self._job_table.size if self._job_table else 0
        return counted

    def _forget(self, before_minute: int) -> None:
        """Drop minutes outside of the horizon, once a day."""
        if before_minute < self._dropped_before + DAY_MINUTES:
            return
        self._dropped_before = before_minute
        self.presence.forget(before_minute)
        if self._job_table:
            self._job_table.forget(before_minute)

    def _refold_jobs(self, news: StoreChanges) -> set[int]:
        """Build the changed jobs again; returns their minutes."""
        if news.lost or len(news.jobs) > MAX_CHANGED_JOBS:
            raise TooManyChangesError(f"{len(news.jobs)} or more jobs changed at once")
        if not news.jobs or self._job_table is None:
            return set()
        ids = sorted(news.jobs)
        assert news.since_ns is not None
        since_ns = self._job_table.earliest_ns(ids, default_ns=news.since_ns - LONGEST_JOB_NS)
        values = {"since_ns": max(0, since_ns), "ids": ids}
        with self._read(jobs_sql(self._job_table.projection), values, max(0, since_ns)) as reader:
            jobs = reader.read_all()
        return set(self._job_table.replace(jobs, ids=ids).tolist())

    def _due_minutes(self, end_ns: int) -> set[int]:
        """Minutes with jobs whose deadlines have passed since the last run."""
        due: set[int] = set()
        for deadline_ns in {sli.deadline_ns for sli in self._tallies} - {None}:
            assert deadline_ns is not None
            first = (self._end_ns - deadline_ns) // MINUTE_NS
            last = (end_ns - deadline_ns) // MINUTE_NS
            due.update(range(max(first, self._first_minute(end_ns)), last + 1))
        return due

    def _recount(self, relation: Relation, minutes: IntArray, *, end_ns: int) -> None:
        tallies = {sli: tally for sli, tally in self._tallies.items() if sli.relation is relation}
        count_rows(
            tallies,
            self._rows(relation, list(tallies), minutes),
            minutes=minutes,
            now_ns=end_ns,
            keep_from=self._first_minute(end_ns),
        )

    def _rows(self, relation: Relation, slis: Sequence[Sli], minutes: IntArray) -> pa.Table:
        """All rows of some minutes that may count for any of the indicators."""
        if relation is Relation.JOBS:
            assert self._job_table
            return self._job_table.rows(minutes)
        since_ns, until_ns = int(minutes[0]) * MINUTE_NS, (int(minutes[-1]) + 1) * MINUTE_NS
        values = {"since_ns": since_ns, "until_ns": until_ns, "minutes": minutes.tolist()}
        with self._read(rows_sql(relation, slis), values, since_ns) as reader:
            return reader.read_all()

    def _build_tallies(
        self, new: Sequence[Sli], wanted: Sequence[Sli], *, end_ns: int
    ) -> dict[Sli, IndicatorTally]:
        """The tallies of new indicators, from the whole store."""
        of_jobs = [sli for sli in wanted if sli.relation is Relation.JOBS]
        if of_jobs and (
            self._job_table is None or not projection_of(of_jobs) <= self._job_table.projection
        ):
            self._load_jobs(of_jobs, end_ns=end_ns)
        built = {sli: IndicatorTally() for sli in new}
        for relation in {sli.relation for sli in new}:
            tallies = {sli: tally for sli, tally in built.items() if sli.relation is relation}
            for minutes in self._minutes_by_day(relation, end_ns):
                rows = self._rows(relation, list(tallies), minutes)
                count_rows(tallies, rows, minutes=minutes, now_ns=end_ns)
        for tally in built.values():
            tally.reset_added()
        return built

    def _minutes_by_day(self, relation: Relation, end_ns: int) -> Iterator[IntArray]:
        """All minutes of the days that have rows, a day at a time.

        A query costs some milliseconds even when nothing is stored, so days without rows get none.
        Rows that are committed meanwhile are in the commit log, and the next tick counts them.
        """
        first, last = self._first_minute(end_ns), end_ns // MINUTE_NS
        if relation is Relation.JOBS:
            assert self._job_table
            first, last = self._job_table.minute_bounds()
            days = list(range(first // DAY_MINUTES, last // DAY_MINUTES + 1))
        else:
            days = self._stored_days(relation, since_ns=first * MINUTE_NS)
        for day in days:
            begin, end = day * DAY_MINUTES, (day + 1) * DAY_MINUTES
            minutes = np.arange(max(begin, first), min(end, last + 1))
            if len(minutes):
                yield minutes

    def _stored_days(self, relation: Relation, *, since_ns: int) -> list[int]:
        """The days since 1970 (UTC) that a relation has rows of, in order."""
        time = TIME_COLUMNS[relation]
        sql = (
            f"SELECT DISTINCT epoch_ns({time}) // {DAY_MINUTES * MINUTE_NS} AS day "  # noqa: S608 - constants
            f"FROM {TABLES[relation]} WHERE {time} >= make_timestamp_ns($since_ns) ORDER BY day"
        )
        with self._read(sql, {"since_ns": since_ns}, since_ns) as reader:
            days: list[int] = reader.read_all().column(0).to_pylist()
        return days

    def _load_jobs(self, slis: Sequence[Sli], *, end_ns: int) -> None:
        """Build every job of the horizon."""
        dimensions = Projection(frozenset(DIMENSIONS[Relation.JOBS]))
        facts = JobTable(projection_of(slis) | dimensions)
        since_ns = self._first_minute(end_ns) * MINUTE_NS
        earlier_ns = max(0, since_ns - LONGEST_JOB_NS)
        try:
            values = {"since_ns": earlier_ns, "ids": None}
            with self._read(jobs_sql(facts.projection), values, earlier_ns) as reader:
                facts.load(reader)
            facts.forget(since_ns // MINUTE_NS)
        except BaseException:
            facts.close()
            raise
        if self._job_table:
            self._job_table.close()
        self._job_table = facts

    def _load_presence(self, end_ns: int) -> None:
        """Read from the store in which minutes services sent data."""
        since_ns = self._first_minute(end_ns) * MINUTE_NS
        for relation, table in TABLES.items():
            time = TIME_COLUMNS[relation]
            sql = (
                f"SELECT DISTINCT service, epoch_ns({time}) // {MINUTE_NS} AS minute "  # noqa: S608 - constants
                f"FROM {table} WHERE {time} >= make_timestamp_ns($since_ns)"
            )
            with self._read(sql, {"since_ns": since_ns}, since_ns) as reader:
                for row in reader.read_all().to_pylist():
                    self.presence.add_minutes(row["service"], [row["minute"]])

    def _first_minute(self, end_ns: int) -> int:
        return max(0, (end_ns - self._horizon_ns) // MINUTE_NS)


class TooManyChangesError(duckdb.Error):
    """There are too many changes; a full recount is faster."""
