"""What has arrived in the store: changes since the last count, and each service's minutes."""

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from framegate.slo.counting.relations import TABLES, TIME_COLUMNS, Relation
from framegate.slo.counting.series import MinuteSpan, Series
from framegate.telemetry.platform.clock import MINUTE_NS

RELATIONS: Mapping[str, Relation] = {table: relation for relation, table in TABLES.items()}
MAX_CHANGED_JOBS = 500_000  # above this number, a full recount is faster

# A service that sends metrics once a minute may miss a minute and send in the next.
QUIET_MINUTES = 3
PRESENT = np.array([[1, 0, 0, 0]], np.int64)

ServiceSet = frozenset[str]  # services that count together; empty means all

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class StoreChanges:
    """Changes since the log was last taken."""

    jobs: set[str] = field(default_factory=set)
    since_ns: int | None = None  # the earliest time of an event of these jobs
    minutes: dict[Relation, set[int]] = field(default_factory=dict)
    services: dict[str, set[int]] = field(default_factory=dict)
    lost: bool = False  # some changes could not be read, so a full recount is needed

    def add(self, other: "StoreChanges") -> None:
        self.jobs |= other.jobs
        self.lost |= other.lost
        times = [one for one in (self.since_ns, other.since_ns) if one is not None]
        self.since_ns = min(times, default=None)
        for relation, minutes in other.minutes.items():
            self.minutes.setdefault(relation, set()).update(minutes)
        for service, minutes in other.services.items():
            self.services.setdefault(service, set()).update(minutes)


class CommitLog:
    """Collects changes until they are taken; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changes = StoreChanges()

    def record_rows(self, table: str, rows: pa.Table) -> None:
        """Add the changes in newly committed rows of a table; never raises."""
        relation = RELATIONS.get(table)
        if relation is None or not rows.num_rows:
            return
        try:
            news = changes_from_rows(relation, rows)
        except Exception:  # an error must not stop the thread that writes the store
            logger.exception("cannot read committed rows, everything will be recounted")
            news = StoreChanges(lost=True)
        self.put_back(news)

    def put_back(self, news: StoreChanges) -> None:
        """Add changes, also those that were taken but could not be applied."""
        with self._lock:
            self._changes.add(news)

    def take(self) -> StoreChanges:
        with self._lock:
            news, self._changes = self._changes, StoreChanges()
        return news


def changes_from_rows(relation: Relation, rows: pa.Table) -> StoreChanges:
    news = StoreChanges()
    times = rows.column(TIME_COLUMNS[relation]).cast(pa.int64())
    minute = pc.divide(times, MINUTE_NS)
    news.minutes[relation] = set(pc.unique(minute).to_pylist())
    pairs = pa.table({"service": rows.column("service"), "minute": minute})
    for pair in pairs.group_by(["service", "minute"]).aggregate([]).to_pylist():
        news.services.setdefault(pair["service"], set()).add(pair["minute"])
    if relation is Relation.EVENTS:
        of_jobs = pc.is_valid(rows.column("job_id"))
        news.jobs = set(pc.unique(rows.column("job_id").filter(of_jobs)).to_pylist())
        if news.jobs:
            news.since_ns = pc.min(times.filter(of_jobs)).as_py()
    return news


class Presence:
    """Minutes in which services were alive: those with data, and a few minutes after each.

    They tell "no traffic" from "no data".
    """

    def __init__(self) -> None:
        self._minutes_by_service: dict[str, set[int]] = {}
        self._series_by_services: dict[ServiceSet, Series] = {frozenset(): Series()}

    def add_minutes(self, service: str, minutes: Iterable[int]) -> None:
        new = set(minutes) - self._minutes_by_service.setdefault(service, set())
        if not new:
            return
        self._minutes_by_service[service] |= new
        for chosen, series in self._series_by_services.items():
            if not chosen or service in chosen:
                mark_minutes(series, new)

    def forget(self, before_minute: int) -> None:
        for service, minutes in self._minutes_by_service.items():
            self._minutes_by_service[service] = {one for one in minutes if one >= before_minute}
        self._series_by_services = {
            chosen: self._build_series(chosen) for chosen in self._series_by_services
        }

    @property
    def services(self) -> list[str]:
        return sorted(self._minutes_by_service)

    def trim_to_first_seen(self, span: MinuteSpan, services: Iterable[str] = ()) -> MinuteSpan:
        """The span without the minutes before the first data of the services."""
        series = self._series(services)
        return MinuteSpan(max(span.first, series.first), span.last) if series.last else span

    def covered_minutes(self, span: MinuteSpan, services: Iterable[str] = ()) -> int:
        """The number of minutes in which any of the services was alive."""
        return self._series(services).counts_over(span).good

    def coverage(self, span: MinuteSpan, services: Iterable[str] = ()) -> float:
        """The share of a span's minutes that is covered; 0 for a span without minutes."""
        return self.covered_minutes(span, services) / span.minutes if span.minutes else 0.0

    def _series(self, services: Iterable[str]) -> Series:
        chosen = frozenset(services)
        if chosen not in self._series_by_services:
            self._series_by_services[chosen] = self._build_series(chosen)
        return self._series_by_services[chosen]

    def _build_series(self, chosen: ServiceSet) -> Series:
        series = Series()
        for service in chosen or self._minutes_by_service:
            mark_minutes(series, self._minutes_by_service.get(service, set()))
        return series


def mark_minutes(series: Series, minutes: set[int]) -> None:
    """Set these minutes, and the few after each."""
    if not minutes:
        return
    begun = np.array(sorted(minutes), np.int64)
    there = np.unique((begun[:, None] + np.arange(QUIET_MINUTES + 1)).ravel())
    series.put(there, np.repeat(PRESENT, len(there), axis=0))
