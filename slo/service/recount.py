"""Objectives over days that are past: counted anew from all that is stored, beside the loop."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from framegate.slo.counting.counts import MINUTE_NS, SECOND_NS
from framegate.slo.counting.prometheus_followers import Followed, Followers
from framegate.slo.counting.prometheus_indicator import Asked
from framegate.slo.counting.series import Span
from framegate.slo.counting.sli import Sli
from framegate.slo.counting.slice_counter import Engine
from framegate.slo.judging.evidence import Evidence
from framegate.slo.judging.status import SloStatus, statuses
from framegate.slo.objectives.objective import Objective, objectives_from
from framegate.slo.openslo.files import documents_of
from framegate.slo.openslo.library import Library
from framegate.slo.replay.backtest import Backtest, Incident, backtest
from framegate.slo.replay.period_report import Length, Report, report, span_before
from framegate.slo.replay.scenario import DAY_MINUTES
from framegate.slo.service.engine import Loop
from framegate.telemetry.platform.errors import InputError

Documents = Mapping[str, str]  # files of objectives: names and texts


class Hindsight:
    """One look at a time; each holds all jobs of its time in memory."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._looking = threading.Lock()

    def statuses(self, documents: Documents) -> tuple[tuple[SloStatus, ...], int | None]:
        """How the objectives of files stand now, and how new the newest data is."""
        objectives = candidates(documents)
        now_ns = self._loop.now_ns()
        since_ns = min(one.window.around(now_ns)[0] for one in objectives)
        with self._counted(objectives, since_ns=since_ns) as (_, evidence):
            return statuses(objectives, evidence), evidence.watermark_ns

    def report(self, length: Length, documents: Documents) -> Report:
        """The last week or month that is over."""
        objectives = self._objectives(documents)
        now_ns = self._loop.now_ns()
        span = span_before(now_ns, length)
        since_ns = earliest_ns(objectives, span.first)
        with self._counted(objectives, since_ns=since_ns) as (engine, evidence):
            return report(objectives, evidence, engine, span)

    def backtest(
        self, days: int, incidents: Sequence[Incident], documents: Documents
    ) -> list[Backtest]:
        """The newest days; their windows look back once more as long."""
        objectives = self._objectives(documents)
        now_ns = self._loop.now_ns()
        since_ns = earliest_ns(objectives, now_ns // MINUTE_NS - days * DAY_MINUTES)
        with self._counted(objectives, since_ns=since_ns) as (_, evidence):
            return [
                replayed(one, evidence, incidents, minutes=days * DAY_MINUTES) for one in objectives
            ]

    def _objectives(self, documents: Documents) -> Sequence[Objective]:
        return candidates(documents) if documents else self._loop.fresh().objectives

    @contextmanager
    def _counted(
        self, objectives: Sequence[Objective], *, since_ns: int
    ) -> Iterator[tuple[Engine, Evidence]]:
        """Everything that objectives count since a time."""
        if not objectives:
            raise InputError("there are no objectives")
        with self._looking:
            source, now_ns = self._loop.source, self._loop.now_ns()
            watermark_ns = source.watermark_ns()
            end_ns = now_ns if watermark_ns is None else min(now_ns, watermark_ns)
            slis = [sli for one in objectives for sli in one.slis]
            engine = Engine(source.read, horizon_ns=max(0, end_ns - since_ns))
            try:
                engine.follow([sli for sli in slis if isinstance(sli, Sli)], end_ns=end_ns)
                yield (
                    engine,
                    Evidence(
                        engine.tallies,
                        now_ns,
                        watermark_ns,
                        engine.presence,
                        self._loop.corrections(),
                        asked_since(
                            [sli for sli in slis if isinstance(sli, Asked)], now_ns, since_ns
                        ),
                    ),
                )
            finally:
                engine.close()


def replayed(
    objective: Objective, evidence: Evidence, incidents: Sequence[Incident], *, minutes: int
) -> Backtest:
    """The newest minutes, with the incidents that touch them."""
    last = evidence.end_of(objective) // MINUTE_NS + 1
    span = Span(last - minutes, last)
    inside = [one for one in incidents if one.last > span.first and one.first < span.last]
    return backtest(objective, evidence.measured(objective), inside, span=span)


def candidates(documents: Documents) -> list[Objective]:
    """The objectives of texts; raises InputError also for one that asks a server.

    Whoever may ask the engine may have it read its own store, and nothing else.
    """
    library = Library()
    for name, text in documents.items():
        for placed in documents_of(text.encode(), name):
            library.add(placed)
    found = objectives_from(library, ", ".join(documents))
    for one in found:
        if any(isinstance(sli, Asked) for sli in one.slis):
            raise InputError(f"{one.name}: asks a Prometheus, which only the engine's own files do")
    return found


def asked_since(asked: Sequence[Asked], now_ns: int, since_ns: int) -> Mapping[Asked, Followed]:
    """What servers answer now; one that does not leaves nothing known."""
    followers = Followers(clock=lambda: now_ns)
    followers.follow(asked, horizon_ns=now_ns - since_ns)
    followers.poll()
    return followers.take()


def earliest_ns(objectives: Sequence[Objective], minute: int) -> int:
    """When the first of their windows that end with a minute began."""
    longest = max(one.window_seconds for one in objectives)
    return minute * MINUTE_NS - longest * SECOND_NS
