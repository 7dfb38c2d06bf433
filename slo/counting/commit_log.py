"""What the store has committed since the last evaluation: changed jobs and minutes."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from framegate.slo.counting.relations import TABLES, TIME_COLUMNS, Relation
from framegate.telemetry.platform.clock import MINUTE_NS

RELATIONS: Mapping[str, Relation] = {table: relation for relation, table in TABLES.items()}
MAX_CHANGED_JOBS = 500_000  # above this number, a full recount is faster

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
