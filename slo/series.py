"""Slices side by side with their running sums: any window is one subtraction."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slo.counts import MINUTE_NS, SECOND_NS, Counts, Slices
from slo.periods import TimeWindow

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes since 1970, from the first to before the last."""

    first: int
    last: int

    @property
    def minutes(self) -> int:
        return max(0, self.last - self.first)


@dataclass(frozen=True, slots=True)
class Series:
    """Minutes from ``first`` on; ``sums`` (minutes + 1, 4) are of good, bad, unscored, excluded.

    Row n is the sum of all minutes before the n-th.
    """

    first: int
    sums: Numbers

    def over(self, span: Span) -> Counts:
        """The sum over a span; minutes that nothing is known of have no jobs."""
        begin, end = (self._row(minute) for minute in (span.first, max(span.first, span.last)))
        return Counts(*(int(number) for number in self.sums[end] - self.sums[begin]))

    def parts(self, span: Span, minutes: int) -> Numbers:
        """Counts (parts, 4) of the parts of so many minutes that end in a span.

        Parts begin at whole multiples of their length since 1970; one that is not over is left out.
        """
        edges = np.arange(span.first // minutes, span.last // minutes + 1) * minutes
        rows = np.clip(edges - self.first, 0, len(self.sums) - 1)
        return np.asarray(np.diff(self.sums[rows], axis=0))

    def _row(self, minute: int) -> int:
        return min(max(minute - self.first, 0), len(self.sums) - 1)


def series_of(slices: Slices) -> Series:
    if not slices:
        return Series(0, np.zeros((1, 4), np.int64))
    first, last = min(slices), max(slices)
    counts = np.zeros((last - first + 2, 4), np.int64)
    for minute, item in slices.items():
        counts[minute - first + 1] = item.good, item.bad, item.unscored, item.excluded
    return Series(first, np.cumsum(counts, axis=0))


def last_seconds(end_ns: int, seconds: int) -> Span:
    """The minutes of a window that ends now, the current one included."""
    last = end_ns // MINUTE_NS + 1
    return Span(last - seconds // 60, last)


def span_of(window: TimeWindow, end_ns: int) -> Span:
    """The minutes of an SLO's window: a rolling one, or the calendar's period up to now."""
    start_ns, _ = window.around(end_ns)
    if window.is_rolling:
        return last_seconds(end_ns, (end_ns - start_ns) // SECOND_NS)
    return Span(-(-start_ns // MINUTE_NS), end_ns // MINUTE_NS + 1)
