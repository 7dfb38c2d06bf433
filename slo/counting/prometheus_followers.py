"""Poll Prometheus servers in a thread, and keep their answers as counts by minute."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from framegate.slo.counting.arrivals import Presence
from framegate.slo.counting.increases import (
    MINUTE_SECONDS,
    CounterState,
    increases,
    minutes_with_samples,
)
from framegate.slo.counting.prometheus_api import PrometheusClient, PrometheusError, Samples
from framegate.slo.counting.prometheus_indicator import (
    PrometheusIndicator,
    PrometheusServer,
    SampleKind,
)
from framegate.slo.counting.sample_counts import (
    classify_amounts,
    classify_readings,
    sum_by_minute,
)
from framegate.slo.counting.series import IndicatorTally, IntArray
from framegate.telemetry.platform.clock import DAY_MINUTES, MINUTE_NS, SECOND_NS
from framegate.telemetry.platform.errors import InputError

INTERVAL_SECONDS = 15.0
SETTLED_SECONDS = 30  # wait after the end of a minute before it is queried
REPOLL_MINUTES = 10  # queried again each time, for late samples
LOOKBACK_SECONDS = 300  # how far back to search for the sample before a minute
COUNTERS_MINUTES, POINTS_MINUTES = 6 * 60, 24 * 60  # in one request

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class FollowedIndicator:
    """Counts of one indicator; ``until`` is the minute after the last polled one."""

    tally: IndicatorTally = field(default_factory=IndicatorTally)
    presence: Presence = field(default_factory=Presence)
    until: int | None = None
    forgotten: int = 0  # minutes before this one were dropped

    @property
    def watermark_ns(self) -> int | None:
        return None if self.until is None else self.until * MINUTE_NS - 1


@dataclass(frozen=True, slots=True)
class PolledMinutes:
    """Counts (n, 4) of the minutes from ``first``; ``heard`` are the minutes with any sample."""

    indicator: PrometheusIndicator
    first: int
    counts: IntArray
    heard: list[int]


class PrometheusPoller:
    """Polls all servers; safe to use from any thread. Only ``take`` changes what it returned."""

    def __init__(self, *, clock: Callable[[], int], interval_seconds: float = INTERVAL_SECONDS):
        self._clock = clock
        self._interval_seconds = interval_seconds
        self._lock = threading.Lock()
        self._wanted: dict[PrometheusIndicator, int] = {}  # with the minute to start from
        self._progress: dict[PrometheusIndicator, tuple[int, CounterState]] = {}
        self._keep_from = 0  # minutes before this one are in no window any more
        self._answers: list[PolledMinutes] = []
        self._followed: dict[PrometheusIndicator, FollowedIndicator] = {}
        self.troubles: Mapping[str, str] = {}  # by server
        self.failures = 0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="slo-followers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def follow(self, asked: Iterable[PrometheusIndicator], *, horizon_ns: int) -> None:
        """Poll these indicators from now on, and drop all others."""
        first = max(0, self._clock() - horizon_ns) // MINUTE_NS
        with self._lock:
            self._keep_from = first
            self._wanted = {one: self._wanted.get(one, first) for one in asked}

    def take(self) -> Mapping[PrometheusIndicator, FollowedIndicator]:
        """All counts polled so far."""
        with self._lock:
            wanted, answers, self._answers = dict(self._wanted), self._answers, []
            keep_from = self._keep_from
        self._followed = {one: self._followed.get(one) or FollowedIndicator() for one in wanted}
        for answer in answers:
            if answer.indicator in self._followed:
                add_polled_minutes(self._followed[answer.indicator], answer, keep_from=keep_from)
        return self._followed

    def poll(self) -> None:
        """Query every server for new minutes; errors are kept in ``troubles`` by URL."""
        with self._lock:
            wanted = dict(self._wanted)
        self._progress = {one: begun for one, begun in self._progress.items() if one in wanted}
        troubles: dict[str, str] = {}
        for server in dict.fromkeys(one.server for one in wanted):
            try:
                with PrometheusClient(server) as reader:
                    self._ask(reader, server, wanted)
            except (PrometheusError, InputError) as error:
                self.failures += 1
                troubles[server.url] = str(error)
                if server.url not in self.troubles:
                    logger.warning("%s", error)
        self.troubles = troubles

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self.poll()
            except Exception:  # this thread must not end; without counts the state is stale
                logger.exception("unexpected error while polling Prometheus servers")
            self._ending.wait(self._interval_seconds)

    def _ask(
        self,
        reader: PrometheusClient,
        server: PrometheusServer,
        wanted: Mapping[PrometheusIndicator, int],
    ) -> None:
        """Poll all indicators of a server, also after an error; raises the last error."""
        trouble: PrometheusError | None = None
        for asked, first in wanted.items():
            if asked.server != server:
                continue
            try:
                for answer in self._poll_indicator(reader, asked, first):
                    with self._lock:
                        self._answers.append(answer)
            except PrometheusError as error:
                trouble = error
        if trouble:
            raise trouble

    def _poll_indicator(
        self, reader: PrometheusClient, asked: PrometheusIndicator, horizon: int
    ) -> Iterator[PolledMinutes]:
        """Poll the new minutes of one indicator in pieces, from where it stopped."""
        now = self._clock() // SECOND_NS
        settled = (now - SETTLED_SECONDS) // MINUTE_SECONDS // asked.minutes * asked.minutes
        start = -(-horizon // asked.minutes) * asked.minutes
        begin, known = self._progress.get(asked, (start, CounterState()))
        newest = (settled - REPOLL_MINUTES) // asked.minutes * asked.minutes
        begin = max(start, min(begin, newest))
        longest = COUNTERS_MINUTES if asked.sample_kind is SampleKind.COUNTERS else POINTS_MINUTES
        for first in range(begin, settled, longest):
            if self._ending.is_set():
                return
            last = min(first + longest, settled)
            again = last if last < settled else max(first, newest)
            if asked.sample_kind is SampleKind.COUNTERS:
                yield poll_counters(reader, asked, known, first=first, last=last, again=again)
            else:
                yield poll_points(reader, asked, first=first, last=last)
            self._progress[asked] = (again, known)


def add_polled_minutes(
    followed: FollowedIndicator, answer: PolledMinutes, *, keep_from: int
) -> None:
    last = answer.first + len(answer.counts)
    shaped = answer.counts.reshape(-1, 1, 4)
    followed.tally.put(np.arange(answer.first, last), shaped, [()], keep_from=keep_from)
    followed.presence.add_minutes("", answer.heard)
    followed.until = last
    if keep_from >= followed.forgotten + DAY_MINUTES:
        followed.presence.forget(keep_from)
        followed.forgotten = keep_from


def poll_counters(
    reader: PrometheusClient,
    asked: PrometheusIndicator,
    known: CounterState,
    *,
    first: int,
    last: int,
    again: int,
) -> PolledMinutes:
    """Poll counters; the next poll starts at the minute ``again``."""
    begin, end = first * MINUTE_SECONDS - LOOKBACK_SECONDS, last * MINUTE_SECONDS
    total = reader.samples(asked.total, first=begin, last=end)
    part = reader.samples(asked.part or asked.total, first=begin, last=end)
    known.note_instances([*total, *part])
    risen = [increases(series, known, first=first, last=last) for series in (total, part)]
    known.note_values([*total, *part], before=again * MINUTE_SECONDS)
    heard = minutes_with_samples(total, first=first, last=last)
    return PolledMinutes(asked, first, classify_amounts(asked, risen[0], risen[1]), heard)


def poll_points(
    reader: PrometheusClient, asked: PrometheusIndicator, *, first: int, last: int
) -> PolledMinutes:
    """Poll values at the end of each slot; they count in the slot's last minute."""
    step = asked.minutes * MINUTE_SECONDS
    times = {
        "first": (first + asked.minutes) * MINUTE_SECONDS,
        "last": last * MINUTE_SECONDS,
        "step": step,
    }
    total = [shift_to_minute(one) for one in reader.points(asked.total_query(), **times)]
    heard = [
        minute - back
        for minute in minutes_with_samples(total, first=first, last=last)
        for back in range(asked.minutes)
    ]
    if asked.sample_kind is not SampleKind.AMOUNTS:
        return PolledMinutes(
            asked, first, classify_readings(asked, total, first=first, last=last), heard
        )
    part = [shift_to_minute(one) for one in reader.points(asked.part_query() or "", **times)]
    amounts = [sum_by_minute(one, first=first, last=last) for one in (total, part)]
    return PolledMinutes(
        asked, first, classify_amounts(asked, *(one * asked.scale for one in amounts)), heard
    )


def shift_to_minute(one: Samples) -> Samples:
    """Move times back a second, so that a value at the end of a minute belongs to it."""
    return replace(one, times=one.times - 1)
