"""The SLO engine: count what was committed, evaluate alerts, send notifications."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from framegate.slo.alerting.alert_text import AlertText, explain_alert
from framegate.slo.alerting.deliveries import (
    Deliverer,
    alerts_to_notify,
    deliveries,
    notified_states,
)
from framegate.slo.alerting.evaluation import evaluate_alerts, visible_alerts
from framegate.slo.alerting.targets import AlertTargets
from framegate.slo.counting.prometheus_followers import PrometheusPoller
from framegate.slo.counting.prometheus_indicator import PrometheusIndicator
from framegate.slo.counting.sli import Sli
from framegate.slo.counting.slice_counter import SliceCounter, TooManyChangesError
from framegate.slo.judging.alerts import Alert, AlertEvaluation, AlertState
from framegate.slo.judging.detail import ObjectiveDetail, objective_detail
from framegate.slo.judging.journal import FILE_NAME, Journal, StandingDecision, standing_decisions
from framegate.slo.judging.status import SloEvidence, SloStatus, statuses
from framegate.slo.objectives.objective import Catalogue, read_catalogue
from framegate.slo.openslo.library import FileStamp, stamp_files
from framegate.slo.service.snapshot import SloSnapshot
from framegate.telemetry.platform.clock import DAY_NS, SECOND_NS
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.store.database import StoreUnavailableError
from framegate.telemetry.store.store import Store

INTERVAL_SECONDS = 5.0
HORIZON_WINDOWS = 2  # budget history needs the counts of one more window
TRANSIENT_ERRORS = (StoreUnavailableError, duckdb.Error, OSError)

logger = logging.getLogger(__name__)


class SloEngine:
    """Evaluates every few seconds in its own thread; safe to use from any thread.

    Its journal lies in the store's folder.
    """

    def __init__(
        self,
        store: Store,
        specs: Sequence[Path],
        *,
        targets: AlertTargets | None = None,
        interval_seconds: float = INTERVAL_SECONDS,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.store = store
        self._specs = tuple(specs)
        self._targets = targets or AlertTargets()
        self._interval_seconds = interval_seconds
        self._clock = clock
        self.journal = Journal(store.folder / FILE_NAME)
        self._states = self.journal.alerts()
        self._catalogue = Catalogue()
        self._stamp: FileStamp | None = None
        self._counter: SliceCounter | None = None
        self._stop_listening: Callable[[], None] | None = None
        self._evidence: SloEvidence | None = None
        self.poller: PrometheusPoller | None = None  # from the first indicator that needs it
        self._words: dict[object, AlertText] = {}
        self._snapshot = SloSnapshot((), (), (), {}, 0, None, "not evaluated yet")
        self._evaluation_lock = threading.RLock()
        self._runs = 0  # so far
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="slo-loop", daemon=True)
        self.deliverer = Deliverer(
            self.journal,
            self._targets,
            alerts=lambda: self._snapshot.alerts,
            alive=self._is_alive,
            clock=clock,
        )

    def start(self) -> None:
        with self._evaluation_lock:  # a poller made meanwhile would not be started by either side
            if self.poller:
                self.poller.start()
            self._thread.start()
        self.deliverer.start()

    def close(self) -> None:
        """Stop; undelivered messages stay in the journal."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        if self.poller:
            self.poller.close()
        self.deliverer.close()
        if self._counter:
            self._counter.close()
        self.journal.close()

    @property
    def snapshot(self) -> SloSnapshot:
        """The result of the last evaluation."""
        return self._snapshot

    def now_ns(self) -> int:
        """The engine's clock."""
        return self._clock()

    def fresh_snapshot(self) -> SloSnapshot:
        """The result of an evaluation that began after this call; waiting callers share it."""
        seen = self._runs
        with self._evaluation_lock:
            # One that began at ``seen`` may have read the store before this call.
            if self._runs <= seen:
                self.run_once()
            return self._snapshot

    def verdict_totals(self) -> list[tuple[SloStatus, tuple[float, float]]]:
        """Every objective with its good and bad events since the start."""
        view, evidence = self._snapshot, self._evidence
        found = []
        for objective, status in zip(view.objectives, view.statuses, strict=True):
            (sli, *more) = objective.slis
            tally = evidence.tallies.get(sli) if evidence and isinstance(sli, Sli) else None
            if tally and not more:
                good, bad, *_ = (tally.whole.added / sli.units_per_event).tolist()
                found.append((status, (good, bad)))
        return found

    def corrections(self) -> tuple[StandingDecision, ...]:
        """Corrections that were not revoked."""
        return tuple(standing_decisions(self.journal.entries("corrections")))

    @property
    def memory_use(self) -> tuple[int, int]:
        """Jobs in memory, and bytes of the counts by minute."""
        engine = self._counter
        return (engine.jobs, engine.size_bytes) if engine else (0, 0)

    def detail(self, name: str, *, jobs: int, bad_ratio: float) -> ObjectiveDetail:
        """One objective in detail; raises InputError for an unknown name."""
        with self._evaluation_lock:
            view = self.fresh_snapshot()
            for objective, status in zip(view.objectives, view.statuses, strict=True):
                if objective.name == name and self._counter and self._evidence:
                    return objective_detail(
                        objective,
                        status,
                        self._evidence,
                        self._counter,
                        jobs=jobs,
                        bad_ratio=bad_ratio,
                    )
        raise InputError(f"unknown objective {name!r}")

    def _run(self) -> None:
        while not self._ending.is_set():
            with self._evaluation_lock:
                self.run_once()
            self._ending.wait(self._interval_seconds)

    def _is_alive(self) -> bool:
        late_ns = self._clock() - self._snapshot.looked_ns
        return self._snapshot.trouble is None and late_ns < 12 * self._interval_seconds * SECOND_NS

    def run_once(self) -> None:
        """Evaluate once; an error is logged and kept as ``trouble`` until the next run."""
        self._runs += 1
        try:
            self._snapshot = self._take_snapshot()
        except TRANSIENT_ERRORS as error:
            logger.warning("cannot evaluate objectives, will retry: %s", error)
            self._snapshot = replace(self._snapshot, trouble=str(error))
        except Exception as error:
            logger.exception("cannot evaluate objectives")
            self._snapshot = replace(self._snapshot, trouble=f"{type(error).__name__}: {error}")

    def _take_snapshot(self) -> SloSnapshot:
        now_ns, watermark_ns = self._clock(), self.store.watermark_ns
        end_ns = now_ns if watermark_ns is None else min(now_ns, watermark_ns)
        engine = self._counter_at(end_ns)
        evidence = SloEvidence(
            engine.tallies,
            now_ns,
            watermark_ns,
            engine.presence,
            self.corrections(),
            self.poller.take() if self.poller else {},
        )
        self._evidence = evidence
        objectives = self._catalogue.objectives
        found = statuses(objectives, evidence)
        by_name = {status.name: status for status in found}
        looks = list(evaluate_alerts(objectives, evidence, by_name, self._states))

        def words(look: AlertEvaluation) -> AlertText:
            """The text of an alert, made once when it starts to fire."""
            key = (look.key, look.state.fired_ns)
            if key not in self._words:
                status = by_name[look.key.objective]
                measured = evidence.objective_series(look.objective, look.key.group)
                end_ns = evidence.end_of(look.objective)
                self._words[key] = explain_alert(look, status, measured, engine, end_ns=end_ns)
            return self._words[key]

        silences = standing_decisions(self.journal.entries("silences"))
        shown = visible_alerts(looks, silences, words, now_ns=now_ns)
        self._save_alerts(looks, shown, now_ns=now_ns)
        spoken = {(alert.key, alert.state.fired_ns) for alert in shown}
        self._words = {key: one for key, one in self._words.items() if key in spoken}
        return SloSnapshot(
            tuple(objectives),
            found,
            tuple(shown),
            self._catalogue.faults,
            now_ns,
            watermark_ns,
            unread=self.poller.troubles if self.poller else {},
        )

    def _counter_at(self, end_ns: int) -> SliceCounter:
        """The counter, up to date, with the indicators of the current files."""
        self._reload_specs()
        wanted = [sli for objective in self._catalogue.objectives for sli in objective.slis]
        slis = [sli for sli in wanted if isinstance(sli, Sli)]
        self._poll_servers(
            [sli for sli in wanted if isinstance(sli, PrometheusIndicator)], end_ns=end_ns
        )
        if self._counter is None:
            self._counter = self._start_counter(end_ns)
        engine = self._counter
        if set(slis) != set(engine.tallies):
            engine.follow(slis, end_ns=end_ns)
        try:
            engine.tick(end_ns=end_ns)
        except TooManyChangesError:
            logger.warning("too many new commits, recounting everything")
            engine.close()
            engine.follow(slis, end_ns=end_ns)
        return engine

    def _poll_servers(self, wanted: Sequence[PrometheusIndicator], *, end_ns: int) -> None:
        """Have these indicators polled, if there are or were any."""
        poller = self.poller or (PrometheusPoller(clock=self._clock) if wanted else None)
        if poller:
            poller.follow(wanted, horizon_ns=self._horizon_ns(end_ns))
        if poller and not self.poller and self._thread.is_alive():
            poller.start()
        self.poller = poller

    def _start_counter(self, end_ns: int) -> SliceCounter:
        """A counter that is told of every commit; the one before it no longer is."""
        counter = SliceCounter(self.store.stream_rows, horizon_ns=self._horizon_ns(end_ns))
        if self._stop_listening:
            self._stop_listening()
        self._stop_listening = self.store.committed_rows.add(counter.commit_log.record_rows)
        return counter

    def _horizon_ns(self, end_ns: int) -> int:
        """How far back counts are kept."""
        windows = [one.window.bounds_at(end_ns) for one in self._catalogue.objectives] or [
            (0, DAY_NS)
        ]
        return HORIZON_WINDOWS * max(end - begin for begin, end in windows) + DAY_NS

    def _reload_specs(self) -> None:
        """Load the files of objectives again if they have changed."""
        seen = stamp_files(self._specs)
        if seen == self._stamp:
            return
        longest = max((one.window_seconds for one in self._catalogue.objectives), default=0)
        self._catalogue = read_catalogue(self._specs, self._catalogue)
        self._stamp = seen
        for path, fault in self._catalogue.faults.items():
            logger.error("cannot load %s, keeping its last valid objectives: %s", path, fault)
        longer = max((one.window_seconds for one in self._catalogue.objectives), default=0)
        if self._counter and longer > longest:
            self._counter.close()
            self._counter = None

    def _save_alerts(
        self, looks: Sequence[AlertEvaluation], shown: Sequence[Alert], *, now_ns: int
    ) -> None:
        """Save the alert states together with the messages about them."""
        due = alerts_to_notify(shown, now_ns=now_ns, repeat_minutes=self._targets.repeat_minutes)
        after = {look.key: look.state for look in looks} | notified_states(due, now_ns=now_ns)
        changed = {key: one for key, one in after.items() if self._states.get(key) != one}
        kept = {key: one if one != AlertState() else None for key, one in changed.items()}
        gone = {key: None for key in self._states if key not in after}
        self.journal.save(kept | gone, deliveries(due, self._targets, now_ns=now_ns))
        self._states = after
        if due:
            self.deliverer.wake()
