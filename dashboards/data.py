"""Fetches the data of the page from the collector."""

from dataclasses import dataclass

from framegate.slo.commands.state_source import fetch_statuses, statuses_of
from framegate.slo.judging.status import SloStatus
from framegate.telemetry.client.collector_client import (
    CollectorClient,
    CollectorUnavailableError,
    records_from_table,
)
from framegate.telemetry.client.records import Job, Score
from framegate.telemetry.platform.clock import DAY_NS
from framegate.telemetry.platform.errors import InputError

LOOKBACK_NS = 7 * DAY_NS


@dataclass(frozen=True, slots=True)
class DashboardData:
    """Jobs, scores and objectives at one moment; times in Unix nanoseconds."""

    jobs: tuple[Job, ...]
    scores: tuple[Score, ...]
    statuses: tuple[SloStatus, ...]
    read_ns: int
    watermark_ns: int | None

    @property
    def age_seconds(self) -> float | None:
        """Age of the newest data when it was read; None without data."""
        return None if self.watermark_ns is None else (self.read_ns - self.watermark_ns) / 1e9


def fetch_dashboard_data(collector_url: str, *, now_ns: int) -> DashboardData | None:
    """The last seven days; None when the collector cannot be reached or rejects the request."""
    since_ns = now_ns - LOOKBACK_NS
    try:
        with CollectorClient(collector_url, timeout_seconds=10.0) as client:
            scores = client.query("scores", since_ns=since_ns)
            jobs = client.query("jobs", since_ns=since_ns)
        objectives = statuses_of(fetch_statuses(collector_url))
    except (CollectorUnavailableError, InputError):
        return None
    return DashboardData(
        tuple(records_from_table(Job, jobs.table)),
        tuple(records_from_table(Score, scores.table)),
        objectives,
        jobs.read_ns,
        jobs.watermark_ns,
    )
