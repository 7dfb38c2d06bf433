"""When a budget will be spent, at the pace of now, with what rolls out of the window given back."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from slo.counts import MINUTE_NS
from slo.periods import TimeWindow
from slo.series import Series, Span, span_of

PACE_PART = 28  # the pace is that of this part of the window: 6 h of 7 d
CONFIDENCE = 0.9
NOISE = 1e-9  # jobs; of sums of fractions of them

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Forecast:
    """When less than nothing will be left, in Unix nanoseconds; None: never at this pace.

    ``earliest_ns`` and ``latest_ns`` are for the ends of the interval (90 %) of the ratio of bad
    jobs, which is known from ``jobs`` jobs of the last ``pace_minutes``.
    """

    exhausted_ns: int | None
    earliest_ns: int | None
    latest_ns: int | None
    pace_minutes: int
    jobs: int
    bad_ratio: float
    bad_ratio_low: float
    bad_ratio_high: float


def forecast(
    series: Series, window: TimeWindow, *, target: Decimal, end_ns: int
) -> Forecast | None:
    """None where there are no jobs to take a pace from.

    A calendar's window begins anew at its end, so what is not spent by then is never.
    """
    span = span_of(window, end_ns)
    minutes = window.length.seconds // 60
    pace_minutes = max(60, minutes // PACE_PART)
    recent = series.over(Span(span.last - pace_minutes, span.last))
    if not recent.total:
        return None
    ratio = recent.bad / recent.total
    low, high = interval(recent.bad, recent.total)
    per_minute = recent.total / pace_minutes
    recorded = ahead(series, window, span, end_ns=end_ns)

    def when(bad_ratio: float) -> int | None:
        return spent_at(recorded, per_minute, bad_ratio, target=float(target), end_ns=end_ns)

    return Forecast(
        when(ratio), when(high), when(low), pace_minutes, recent.total, ratio, low, high
    )


def interval(bad: int, total: int) -> tuple[float, float]:
    """Clopper and Pearson's interval of a ratio."""
    rest = (1 - CONFIDENCE) / 2
    low = float(beta.ppf(rest, bad, total - bad + 1)) if bad else 0.0
    high = float(beta.ppf(1 - rest, bad + 1, total - bad)) if bad < total else 1.0
    return low, high


def ahead(series: Series, window: TimeWindow, span: Span, *, end_ns: int) -> Reals:
    """What of today's window will still be in it n minutes from now: (minutes, 2), bad and total.

    A rolling window loses its oldest minute every minute; a calendar's none until it ends.
    """
    if window.is_rolling:
        counts = np.array(series.parts(span, 1), np.float64)
        bad, total = counts[:, 1], counts[:, 0] + counts[:, 1]
        left = np.column_stack([bad, total])
        return np.asarray(left.sum(axis=0) - np.cumsum(left, axis=0))
    whole = series.over(span)
    _, period_end_ns = window.around(end_ns)
    remaining = max(0, (period_end_ns - end_ns) // MINUTE_NS)
    return np.tile(np.array([whole.bad, whole.total], np.float64), (remaining, 1))


def spent_at(
    recorded: Reals, per_minute: float, bad_ratio: float, *, target: float, end_ns: int
) -> int | None:
    """The first minute after which more is bad than the window allows."""
    later = np.arange(1, len(recorded) + 1)
    bad = recorded[:, 0] + later * per_minute * bad_ratio
    total = recorded[:, 1] + later * per_minute
    over = np.flatnonzero(bad > (1 - target) * total + NOISE)
    return end_ns + (int(over[0]) + 1) * MINUTE_NS if len(over) else None


@dataclass(frozen=True, slots=True)
class CanaryCost:
    """What trying a change on some jobs may cost: bad jobs, and the share of the whole budget."""

    jobs: int
    bad_jobs: float
    budget_share: float | None


def canary_cost(
    series: Series, window: TimeWindow, *, target: Decimal, end_ns: int, jobs: int, bad_ratio: float
) -> CanaryCost:
    """Of so many jobs, ``bad_ratio`` of them bad, against the budget of the window as it is."""
    counted = series.over(span_of(window, end_ns))
    allowed = float(1 - target) * (counted.total + jobs)
    bad = jobs * bad_ratio
    return CanaryCost(jobs, bad, bad / allowed if counted.total else None)
