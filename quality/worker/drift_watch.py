"""Reports every drift of scores to the collector, once."""

import json
import logging
import threading
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from opentelemetry._logs import SeverityNumber

from framegate.quality.worker.drift import DriftMonitor, ScoreDrift, ScoreSeries
from framegate.telemetry.client.collector_client import (
    CollectorClient,
    CollectorUnavailableError,
    records_from_table,
)
from framegate.telemetry.client.records import Score
from framegate.telemetry.platform.clock import DAY_NS, MINUTE_NS
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.sdk.sdk import Telemetry
from framegate.telemetry.signals import names

WINDOW_DAYS = 28.0
POLL_SECONDS = 15.0
LEASE, LEASE_SECONDS = "drift", 120.0
# Scores that arrive late, or from a clock that is behind, are still read.
OVERLAP_NS = 5 * MINUTE_NS

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KnownDrift:
    """A drift that was already reported to the collector."""

    series: ScoreSeries
    found_ns: int


class DriftWatcher:
    """Only one watcher at a time is active, by a lease; one that takes over reads the whole window.

    A drift is reported unless the collector already has one of the same series that was found
    after this one began.
    """

    def __init__(
        self, client: CollectorClient, telemetry: Telemetry, *, window_days: float = WINDOW_DAYS
    ) -> None:
        self._client = client
        self._telemetry = telemetry
        self._window_ns = int(window_days * DAY_NS)
        self._holder = str(uuid.uuid4())
        self.trouble: str | None = None
        self._drifts = telemetry.counter(names.METRIC_DRIFTS)
        self._reset()

    def _reset(self) -> None:
        self._watch = DriftMonitor()
        self._since_ns = max(0, time.time_ns() - self._window_ns)
        self._seen: dict[tuple[str, str], int] = {}

    def run(self, stop: threading.Event) -> None:
        """Poll every POLL_SECONDS until ``stop``."""
        while not stop.is_set():
            self.try_poll()
            stop.wait(POLL_SECONDS)

    def try_poll(self) -> None:
        """Poll once; ``trouble`` says why polling fails, until it succeeds again."""
        try:
            self.poll()
            self.trouble = None
        except (CollectorUnavailableError, InputError) as error:
            self.trouble = f"drift detection is not running: {error}"
            logger.warning(self.trouble)
            self._reset()  # a drift that was found and not reported is found again

    def poll(self) -> list[ScoreDrift]:
        """Read new scores and report drifts; does nothing while another has the lease."""
        if not self._client.lease(self._holder, [LEASE], seconds=LEASE_SECONDS):
            self._reset()
            return []
        found = self._watch.add(self._new_scores())
        if not found:
            return []
        known = read_known_drifts(self._client, since_ns=min(change.since_ns for change in found))
        new = [change for change in found if not is_known(change, known)]
        for change in new:
            self._report_drift(change)
        self._telemetry.flush()
        return new

    def close(self) -> None:
        """Give back the lease, so that another watcher can take over at once."""
        try:
            self._client.lease(self._holder, [LEASE], seconds=0)
        except CollectorUnavailableError:
            return  # the lease runs out

    def _new_scores(self) -> list[Score]:
        since_ns = max(0, self._since_ns - OVERLAP_NS)
        scores = records_from_table(Score, self._client.query("scores", since_ns=since_ns).table)
        new = [score for score in scores if (score.job_id, score.metric) not in self._seen]
        self._seen = {(score.job_id, score.metric): score.scored_ns for score in scores}
        if scores:
            self._since_ns = max(self._since_ns, scores[-1].scored_ns)
        return new

    def _report_drift(self, change: ScoreDrift) -> None:
        series = change.series
        identity = {
            names.WORKLOAD: series.workload,
            names.MODEL: series.model,
            names.EVALUATION_NAME: series.metric,
        }
        self._drifts.add(1, identity)
        self._telemetry.event(
            names.EVENT_DRIFT,
            {
                **identity,
                names.JOB_ID: change.job_id,
                names.DRIFT_SINCE: change.since_ns,
                names.DRIFT_FOUND: change.found_ns,
                names.DRIFT_BEFORE: change.before,
                names.DRIFT_AFTER: change.after,
                names.DRIFT_CLIPS: change.clips_after,
            },
            severity=SeverityNumber.WARN,
        )


def read_known_drifts(client: CollectorClient, *, since_ns: int) -> list[KnownDrift]:
    """The drifts that were reported since; raises CollectorUnavailableError."""
    table = client.query("logs", name=names.EVENT_DRIFT, since_ns=since_ns).table
    return [
        parse_known_drift(json.loads(text)) for text in table.column("attributes_json").to_pylist()
    ]


def parse_known_drift(attributes: Mapping[str, object]) -> KnownDrift:
    series = ScoreSeries(
        str(attributes.get(names.WORKLOAD)),
        str(attributes.get(names.MODEL)),
        str(attributes.get(names.EVALUATION_NAME)),
    )
    return KnownDrift(series, int(str(attributes.get(names.DRIFT_FOUND, 0))))


def is_known(change: ScoreDrift, known: Iterable[KnownDrift]) -> bool:
    return any(one.series == change.series and one.found_ns >= change.since_ns for one in known)
