"""Counts by minute as running sums, so that any window is one subtraction; in all and by group."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from framegate.slo.openslo.fields import TimeWindow
from framegate.telemetry.platform.clock import DAY_MINUTES, MINUTE_NS, SECOND_NS

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
SPARE_MINUTES = DAY_MINUTES  # spare rows, so that a growing series is rarely copied
Group = tuple[str, ...]  # one value for each of an indicator's group columns
MAX_GROUPS = 200
OTHER_GROUP = "other"  # collects all groups after the first MAX_GROUPS


@dataclass(frozen=True, slots=True)
class Counts:
    """Events that are good, bad, pending (``unscored``) or excluded."""

    good: int = 0
    bad: int = 0
    unscored: int = 0
    excluded: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.good + other.good,
            self.bad + other.bad,
            self.unscored + other.unscored,
            self.excluded + other.excluded,
        )

    @property
    def total(self) -> int:
        """Judged events: good and bad."""
        return self.good + self.bad


Slices = Mapping[int, Counts]  # by the minute of submission, since 1970


@dataclass(frozen=True, slots=True)
class MinuteSpan:
    """Minutes since 1970, from ``first`` to before ``last``."""

    first: int
    last: int

    @property
    def minutes(self) -> int:
        return max(0, self.last - self.first)


class Series:
    """Counts of good, bad, pending and excluded by minute, from the minute ``first``.

    Row n of the sums is the sum of all minutes before the n-th. ``added`` is everything that was
    ever added to the four counts since it was set to 0; it never falls.
    """

    def __init__(self) -> None:
        self.first = 0
        self.added = np.zeros(4, np.int64)
        self._sums = np.zeros((1, 4), np.int64)
        self._rows = 1  # of them in use

    @property
    def last(self) -> int:
        """The minute after its last one."""
        return self.first + self._rows - 1

    @property
    def size_bytes(self) -> int:
        return self._sums.nbytes

    def counts_over(self, span: MinuteSpan) -> Counts:
        """The sum over a span; minutes outside of the series count as 0."""
        begin, end = (self._row(minute) for minute in (span.first, max(span.first, span.last)))
        return Counts(*(self._sums[end] - self._sums[begin]).tolist())

    def parts(self, span: MinuteSpan, minutes: int) -> IntArray:
        """Counts (slices, 4) of the time slices of ``minutes`` that end in a span.

        Slices start at multiples of their length since 1970; an unfinished slice is left out.
        """
        edges = np.arange(span.first // minutes, span.last // minutes + 1) * minutes
        rows = np.clip(edges - self.first, 0, self._rows - 1)
        return np.asarray(np.diff(self._sums[rows], axis=0))

    def without(self, spans: Iterable[MinuteSpan]) -> "Series":
        """A copy in which all events of these minutes are excluded."""
        copy = Series()
        counts = np.diff(self._sums[: self._rows], axis=0)
        for span in spans:
            rows = slice(max(0, span.first - self.first), max(0, span.last - self.first))
            excluded = counts[rows].sum(axis=1)
            counts[rows] = 0
            counts[rows, 3] = excluded
        copy.put(np.arange(self.first, self.last), counts)
        return copy

    def put(self, minutes: IntArray, counts: IntArray, *, keep_from: int | None = None) -> None:
        """Set the counts (n, 4) of ascending minutes (n,); all other minutes stay unchanged.

        If the series has to grow, minutes before ``keep_from`` are dropped.
        """
        if not len(minutes):
            return
        if not self._holds(minutes):
            if not counts.any() and self._rows == 1:
                return
            self._grow(int(minutes[0]), int(minutes[-1]) + 1, keep_from)
            inside = minutes >= self.first
            minutes, counts = minutes[inside], counts[inside]
            if not len(minutes):
                return
        rows = minutes - self.first
        change = counts - (self._sums[rows + 1] - self._sums[rows])
        if change.any():
            self.added += change.clip(min=0).sum(axis=0)
            begin, end = int(rows[0]), int(rows[-1])
            steps = np.zeros((end - begin + 1, 4), np.int64)
            steps[rows - begin] = change
            running = np.cumsum(steps, axis=0)
            self._sums[begin + 1 : end + 2] += running
            self._sums[end + 2 : self._rows] += running[-1]

    def _holds(self, minutes: IntArray) -> bool:
        return bool(self._rows > 1 and self.first <= minutes[0] and minutes[-1] < self.last)

    def _grow(self, first: int, last: int, keep_from: int | None) -> None:
        """Make room for the minutes from ``first`` to before ``last``."""
        empty = self._rows == 1
        new_first = first if empty else min(first, self.first)
        if keep_from is not None:
            new_first = max(new_first, min(keep_from, last - 1))
        new_last = last if empty else max(last, self.last)
        rows = new_last - new_first + 1
        if new_first == self.first and rows <= len(self._sums):
            self._sums[self._rows : rows] = self._sums[self._rows - 1]
        else:
            # The system gives memory to the spare rows only when they are written.
            sums = np.empty((rows + SPARE_MINUTES, 4), np.int64)
            old = np.arange(new_first, new_last + 1) - self.first
            sums[:rows] = self._sums[np.clip(old, 0, self._rows - 1)]
            sums[:rows] -= sums[0].copy()
            self._sums = sums
        self.first, self._rows = new_first, rows

    def _row(self, minute: int) -> int:
        return min(max(minute - self.first, 0), self._rows - 1)


def series_of(slices: Mapping[int, Counts]) -> Series:
    """A series from counts by minute since 1970."""
    minutes = np.array(sorted(slices), np.int64)
    counts = [
        (one.good, one.bad, one.unscored, one.excluded)
        for one in (slices[minute] for minute in minutes.tolist())
    ]
    series = Series()
    series.put(minutes, np.array(counts, np.int64).reshape(-1, 4))
    return series


def trailing_span(end_ns: int, seconds: int) -> MinuteSpan:
    """The minutes of a window that ends now, including the current minute."""
    last = end_ns // MINUTE_NS + 1
    return MinuteSpan(last - seconds // 60, last)


def window_span(window: TimeWindow, end_ns: int) -> MinuteSpan:
    """The minutes of an SLO's window: a rolling one, or the calendar's period up to now."""
    start_ns, _ = window.bounds_at(end_ns)
    if window.is_rolling:
        return trailing_span(end_ns, (end_ns - start_ns) // SECOND_NS)
    return MinuteSpan(-(-start_ns // MINUTE_NS), end_ns // MINUTE_NS + 1)


@dataclass(slots=True)
class IndicatorTally:
    """The series of one indicator."""

    whole: Series = field(default_factory=Series)
    groups: dict[Group, Series] = field(default_factory=dict)

    def put(
        self,
        minutes: IntArray,
        counts: IntArray,
        groups: Sequence[Group],
        *,
        keep_from: int | None = None,
    ) -> None:
        """Set the counts (minutes, groups, 4) of ascending ``minutes``."""
        self.whole.put(minutes, counts.sum(axis=1), keep_from=keep_from)
        nothing = np.zeros((len(minutes), 4), np.int64)
        found: dict[Group, IntArray] = dict.fromkeys(self.groups, nothing)
        for number, group in enumerate(groups):
            part = counts[:, number]
            if group and part.any():
                admitted = self._admit_group(group, len(found))
                found[admitted] = found.get(admitted, nothing) + part
        for group, part in found.items():
            self.groups.setdefault(group, Series()).put(minutes, part, keep_from=keep_from)

    def _admit_group(self, group: Group, known: int) -> Group:
        if group in self.groups or known < MAX_GROUPS:
            return group
        return (OTHER_GROUP,) * len(group)

    def reset_added(self) -> None:
        """Set ``added`` of all series to 0."""
        for series in (self.whole, *self.groups.values()):
            series.added[:] = 0

    @property
    def size_bytes(self) -> int:
        return self.whole.size_bytes + sum(
            series.size_bytes for series in list(self.groups.values())
        )
