"""What Prometheus servers count, kept as slices: asked for in a thread, taken in by the loop."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from framegate.slo.counting.counts import MINUTE_NS, SECOND_NS
from framegate.slo.counting.increases import MINUTE, Known, increases, seen
from framegate.slo.counting.presence import Presence
from framegate.slo.counting.prometheus_api import Reader, Samples, UnreadableError
from framegate.slo.counting.prometheus_indicator import Asked, How, Server
from framegate.slo.counting.series import Numbers, Reals, Truths
from framegate.slo.counting.tallies import Tally
from framegate.slo.openslo.kinds import Operator
from framegate.telemetry.platform.errors import InputError

INTERVAL_SECONDS = 15.0
SETTLED_SECONDS = 30  # a minute is asked for when it has been over for so long
AGAIN_MINUTES = 10  # asked for again each time, for samples that come late
BEFORE_SECONDS = 300  # how far back the sample before a minute is looked for
DAY_MINUTES = 1440
MOST = 2**46  # of one minute; the sums of months of them are exact
COUNTERS_MINUTES, POINTS_MINUTES = 6 * 60, 24 * 60  # of one request

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Followed:
    """What is known of one indicator; ``until`` is the minute after the last that is known."""

    tally: Tally = field(default_factory=Tally)
    presence: Presence = field(default_factory=Presence)
    until: int | None = None
    forgotten: int = 0  # minutes before are

    @property
    def watermark_ns(self) -> int | None:
        return None if self.until is None else self.until * MINUTE_NS - 1


@dataclass(frozen=True, slots=True)
class Answer:
    """Counts (n, 4) of the minutes from ``first`` on; ``heard`` are those with any sample."""

    asked: Asked
    first: int
    counts: Numbers
    heard: list[int]


class Followers:
    """Safe to ask from any thread; only ``take`` changes what was given out."""

    def __init__(self, *, clock: Callable[[], int], interval_seconds: float = INTERVAL_SECONDS):
        self._clock = clock
        self._interval_seconds = interval_seconds
        self._lock = threading.Lock()
        self._wanted: dict[Asked, int] = {}  # and the minute to begin with
        self._begun: dict[Asked, tuple[int, Known]] = {}
        self._keep_from = 0  # minutes before are of no window any more
        self._answers: list[Answer] = []
        self._followed: dict[Asked, Followed] = {}
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

    def follow(self, asked: Iterable[Asked], *, horizon_ns: int) -> None:
        """Ask for these from now on, and forget all others."""
        first = max(0, self._clock() - horizon_ns) // MINUTE_NS
        with self._lock:
            self._keep_from = first
            self._wanted = {one: self._wanted.get(one, first) for one in asked}

    def take(self) -> Mapping[Asked, Followed]:
        """Everything that was answered so far."""
        with self._lock:
            wanted, answers, self._answers = dict(self._wanted), self._answers, []
            keep_from = self._keep_from
        self._followed = {one: self._followed.get(one) or Followed() for one in wanted}
        for answer in answers:
            if answer.asked in self._followed:
                put(self._followed[answer.asked], answer, keep_from=keep_from)
        return self._followed

    def poll(self) -> None:
        """Ask every server for what is new; what goes wrong is kept as its trouble."""
        with self._lock:
            wanted = dict(self._wanted)
        self._begun = {one: begun for one, begun in self._begun.items() if one in wanted}
        troubles: dict[str, str] = {}
        for server in dict.fromkeys(one.server for one in wanted):
            try:
                with Reader(server) as reader:
                    self._ask(reader, server, wanted)
            except (UnreadableError, InputError) as error:
                self.failures += 1
                troubles[server.url] = str(error)
                if server.url not in self.troubles:
                    logger.warning("%s", error)
        self.troubles = troubles

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self.poll()
            except Exception:
                logger.exception("a server's answer was not understood")
            self._ending.wait(self._interval_seconds)

    def _ask(self, reader: Reader, server: Server, wanted: Mapping[Asked, int]) -> None:
        """One indicator's trouble keeps no other from being asked for; the last is raised."""
        trouble: UnreadableError | None = None
        for asked, first in wanted.items():
            if asked.server != server:
                continue
            try:
                for answer in self._answered(reader, asked, first):
                    with self._lock:
                        self._answers.append(answer)
            except UnreadableError as error:
                trouble = error
        if trouble:
            raise trouble

    def _answered(self, reader: Reader, asked: Asked, horizon: int) -> Iterator[Answer]:
        """Piece by piece, from where it was left."""
        now = self._clock() // SECOND_NS
        settled = (now - SETTLED_SECONDS) // MINUTE // asked.minutes * asked.minutes
        start = -(-horizon // asked.minutes) * asked.minutes
        begin, known = self._begun.get(asked, (start, Known()))
        newest = (settled - AGAIN_MINUTES) // asked.minutes * asked.minutes
        begin = max(start, min(begin, newest))
        longest = COUNTERS_MINUTES if asked.how is How.COUNTERS else POINTS_MINUTES
        for first in range(begin, settled, longest):
            if self._ending.is_set():
                return
            last = min(first + longest, settled)
            again = last if last < settled else max(first, newest)
            if asked.how is How.COUNTERS:
                yield of_counters(reader, asked, known, first=first, last=last, again=again)
            else:
                yield of_points(reader, asked, first=first, last=last)
            self._begun[asked] = (again, known)


def put(followed: Followed, answer: Answer, *, keep_from: int) -> None:
    last = answer.first + len(answer.counts)
    shaped = answer.counts.reshape(-1, 1, 4)
    followed.tally.put(np.arange(answer.first, last), shaped, [()], keep_from=keep_from)
    followed.presence.heard("", answer.heard)
    followed.until = last
    if keep_from >= followed.forgotten + DAY_MINUTES:
        followed.presence.forget(keep_from)
        followed.forgotten = keep_from


def of_counters(
    reader: Reader, asked: Asked, known: Known, *, first: int, last: int, again: int
) -> Answer:
    """``again`` is the minute that the next question begins with."""
    begin, end = first * MINUTE - BEFORE_SECONDS, last * MINUTE
    total = reader.samples(asked.total, first=begin, last=end)
    part = reader.samples(asked.part or asked.total, first=begin, last=end)
    known.meet([*total, *part])
    risen = [increases(series, known, first=first, last=last) for series in (total, part)]
    known.remember([*total, *part], before=again * MINUTE)
    heard = seen(total, first=first, last=last)
    return Answer(asked, first, judged(asked, risen[0], risen[1]), heard)


def of_points(reader: Reader, asked: Asked, *, first: int, last: int) -> Answer:
    """Each slot's answer is that of its end, and counts in its last minute."""
    step = asked.minutes * MINUTE
    times = {"first": (first + asked.minutes) * MINUTE, "last": last * MINUTE, "step": step}
    total = [shifted(one) for one in reader.points(asked.asked_total(), **times)]
    heard = [
        minute - back
        for minute in seen(total, first=first, last=last)
        for back in range(asked.minutes)
    ]
    if asked.how is not How.AMOUNTS:
        return Answer(asked, first, readings(asked, total, first=first, last=last), heard)
    part = [shifted(one) for one in reader.points(asked.asked_part() or "", **times)]
    amounts = [by_minute(one, first=first, last=last) for one in (total, part)]
    return Answer(asked, first, judged(asked, *(one * asked.scale for one in amounts)), heard)


def shifted(one: Samples) -> Samples:
    """A value at the end of a minute is that minute's."""
    return replace(one, times=one.times - 1)


def by_minute(series: Iterable[Samples], *, first: int, last: int) -> Reals:
    """The sum of all series; NaN where one of them is no number, 0 where there is none."""
    found = np.zeros(last - first)
    for one in series:
        places = (one.times // MINUTE).astype(np.int64) - first
        inside = (places >= 0) & (places < len(found))
        found += np.bincount(places[inside], one.values[inside], minlength=len(found))
    return found


def judged(asked: Asked, total: Reals, part: Reals) -> Numbers:
    """Counts (n, 4); nobody can judge a part that is more than all, or what is no amount."""
    known = countable(total, asked.unit) & countable(part, asked.unit)
    of_all, of_part = (
        np.rint(np.where(known, one, 0) * asked.unit).astype(np.int64) for one in (total, part)
    )
    good = of_all - of_part if asked.of_bad else of_part
    fit = known & (of_part >= 0) & (of_part <= of_all)
    counts = np.zeros((len(of_all), 4), np.int64)
    counts[fit, 0], counts[fit, 1] = good[fit], (of_all - good)[fit]
    counts[~fit, 2] = np.maximum(of_all, of_part)[~fit].clip(min=asked.unit)
    return counts


def countable(amounts: Reals, unit: int) -> Truths:
    return np.isfinite(amounts) & (np.abs(amounts) <= MOST / unit)


def readings(asked: Asked, series: Iterable[Samples], *, first: int, last: int) -> Numbers:
    """Counts (n, 4) of every series' value; one that is no number, or no ratio, is unjudged."""
    counts = np.zeros((last - first, 4), np.int64)
    for one in series:
        places = (one.times // MINUTE).astype(np.int64) - first
        good = goodness(asked, one.values)
        known = ~np.isnan(good)
        whole = np.rint(np.where(known, good, 0) * asked.unit).astype(np.int64)
        np.add.at(counts[:, 0], places, whole)
        np.add.at(counts[:, 1], places, np.where(known, asked.unit - whole, 0))
        np.add.at(counts[:, 2], places, np.where(known, 0, asked.unit))
    return counts


COMPARED: Mapping[Operator, Callable[[Reals, float], Truths]] = {
    Operator.GT: np.greater,
    Operator.GTE: np.greater_equal,
    Operator.LT: np.less,
    Operator.LTE: np.less_equal,
}


def goodness(asked: Asked, values: Reals) -> Reals:
    """How good each value is, 0 to 1; NaN where nobody can say."""
    if asked.how is How.RATIOS:
        good = 1 - values if asked.of_bad else values
        return np.where((good >= 0) & (good <= 1), good, np.nan)
    assert asked.op
    assert asked.value is not None
    held = COMPARED[asked.op](values, float(asked.value))
    return np.where(np.isnan(values), np.nan, held)
