"""Judge objectives over past days: everything stored is counted again, beside the engine."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from framegate.slo.counting.prometheus_followers import FollowedIndicator, PrometheusPoller
from framegate.slo.counting.prometheus_indicator import PrometheusIndicator
from framegate.slo.counting.series import MinuteSpan
from framegate.slo.counting.sli import Sli
from framegate.slo.counting.slice_counter import SliceCounter
from framegate.slo.judging.status import SloEvidence, SloStatus, statuses
from framegate.slo.objectives.objective import Objective, objectives_from
from framegate.slo.openslo.library import Library, parse_spec
from framegate.slo.replay.backtest import Backtest, Incident, backtest
from framegate.slo.replay.period_report import (
    PeriodLength,
    SloReport,
    last_full_period,
    report_period,
)
from framegate.slo.service.engine import SloEngine
from framegate.telemetry.platform.clock import DAY_MINUTES, MINUTE_NS, SECOND_NS
from framegate.telemetry.platform.errors import InputError

SpecTexts = Mapping[str, str]  # files of objectives: names and texts


class StoreReplay:
    """Runs one recount at a time, because each holds all jobs of its days in memory."""

    def __init__(self, loop: SloEngine) -> None:
        self._loop = loop
        self._replay_lock = threading.Lock()

    def statuses(self, documents: SpecTexts) -> tuple[tuple[SloStatus, ...], int | None]:
        """The current statuses of the objectives in files, and the newest event time."""
        objectives = objectives_from_texts(documents)
        now_ns = self._loop.now_ns()
        since_ns = min(one.window.bounds_at(now_ns)[0] for one in objectives)
        with self._recount(objectives, since_ns=since_ns) as (_, evidence):
            return statuses(objectives, evidence), evidence.watermark_ns

    def report(self, length: PeriodLength, documents: SpecTexts) -> SloReport:
        """The report of the last full week or month."""
        objectives = self._objectives(documents)
        now_ns = self._loop.now_ns()
        span = last_full_period(now_ns, length)
        since_ns = earliest_ns(objectives, span.first)
        with self._recount(objectives, since_ns=since_ns) as (engine, evidence):
            return report_period(objectives, evidence, engine, span)

    def backtest(
        self, days: int, incidents: Sequence[Incident], documents: SpecTexts
    ) -> list[Backtest]:
        """Replay the newest days; counts go back one window more."""
        objectives = self._objectives(documents)
        now_ns = self._loop.now_ns()
        since_ns = earliest_ns(objectives, now_ns // MINUTE_NS - days * DAY_MINUTES)
        with self._recount(objectives, since_ns=since_ns) as (_, evidence):
            return [
                backtest_newest(one, evidence, incidents, minutes=days * DAY_MINUTES)
                for one in objectives
            ]

    def _objectives(self, documents: SpecTexts) -> Sequence[Objective]:
        return (
            objectives_from_texts(documents)
            if documents
            else self._loop.fresh_snapshot().objectives
        )

    @contextmanager
    def _recount(
        self, objectives: Sequence[Objective], *, since_ns: int
    ) -> Iterator[tuple[SliceCounter, SloEvidence]]:
        """The counts of objectives since a time."""
        if not objectives:
            raise InputError("no objectives are loaded")
        with self._replay_lock:
            store, now_ns = self._loop.store, self._loop.now_ns()
            watermark_ns = store.watermark_ns
            end_ns = now_ns if watermark_ns is None else min(now_ns, watermark_ns)
            slis = [sli for one in objectives for sli in one.slis]
            engine = SliceCounter(store.stream_rows, horizon_ns=max(0, end_ns - since_ns))
            try:
                engine.follow([sli for sli in slis if isinstance(sli, Sli)], end_ns=end_ns)
                yield (
                    engine,
                    SloEvidence(
                        engine.tallies,
                        now_ns,
                        watermark_ns,
                        engine.presence,
                        self._loop.corrections(),
                        poll_servers(
                            [sli for sli in slis if isinstance(sli, PrometheusIndicator)],
                            now_ns,
                            since_ns,
                        ),
                    ),
                )
            finally:
                engine.close()


def backtest_newest(
    objective: Objective, evidence: SloEvidence, incidents: Sequence[Incident], *, minutes: int
) -> Backtest:
    """Replay the newest minutes, with the incidents that overlap them."""
    last = evidence.end_of(objective) // MINUTE_NS + 1
    span = MinuteSpan(last - minutes, last)
    inside = [one for one in incidents if one.last > span.first and one.first < span.last]
    return backtest(objective, evidence.objective_series(objective), inside, span=span)


def objectives_from_texts(documents: SpecTexts) -> list[Objective]:
    """The objectives of texts; raises InputError also for a Prometheus indicator.

    A client may have the engine read its own store, but not send requests to other servers.
    """
    library = Library()
    for name, text in documents.items():
        for placed in parse_spec(text, name):
            library.add(placed)
    found = objectives_from(library, ", ".join(documents))
    for one in found:
        if any(isinstance(sli, PrometheusIndicator) for sli in one.slis):
            raise InputError(
                f"{one.name}: Prometheus indicators are allowed only in the engine's own files"
            )
    return found


def poll_servers(
    asked: Sequence[PrometheusIndicator], now_ns: int, since_ns: int
) -> Mapping[PrometheusIndicator, FollowedIndicator]:
    """What the servers answer now; a server that does not answer leaves a gap."""
    followers = PrometheusPoller(clock=lambda: now_ns)
    followers.follow(asked, horizon_ns=now_ns - since_ns)
    followers.poll()
    return followers.take()


def earliest_ns(objectives: Sequence[Objective], minute: int) -> int:
    """The earliest start of their windows that end with a minute."""
    longest = max(one.window_seconds for one in objectives)
    return minute * MINUTE_NS - longest * SECOND_NS
