"""When the budget will be exhausted at the current rate.

Events that leave a rolling window give their budget back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from scipy.special import betaincinv

from framegate.slo.counting.series import FloatArray, MinuteSpan, Series, window_span
from framegate.slo.objectives.components import Flow, ObjectiveSeries
from framegate.slo.openslo.fields import TimeWindow
from framegate.telemetry.platform.clock import MINUTE_NS

PACE_WINDOW_DIVISOR = 28  # the rate is measured over this part of the window: 6 h of 7 d
CONFIDENCE = 0.9
BURN_TOLERANCE = 1e-9  # of a burn rate; of sums of fractions


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the budget will be exhausted, in Unix nanoseconds; None means never at this rate.

    ``earliest_ns`` and ``latest_ns`` belong to the ends of the 90 % interval of the bad ratio. It
    is measured on ``jobs`` jobs of the last ``pace_minutes``; for time-slice budgets, ``jobs`` is
    a number of slices.
    """

    exhausted_ns: int | None
    earliest_ns: int | None
    latest_ns: int | None
    pace_minutes: int
    jobs: int
    bad_ratio: float
    bad_ratio_low: float
    bad_ratio_high: float


@dataclass(frozen=True, slots=True)
class FlowPace:
    """The current rate of one flow: events per slot, bad ratio and its interval."""

    flow: Flow
    total: float
    per_slot: float
    ratio: float
    low: float
    high: float


def forecast(measured: ObjectiveSeries, window: TimeWindow, *, end_ns: int) -> Forecast | None:
    """The forecast; None if any component has no recent jobs.

    A calendar window starts again at its end, so a budget that lasts until then is never exhausted.
    """
    span = window_span(window, end_ns)
    pace_minutes = max(60, window.length.seconds // 60 // PACE_WINDOW_DIVISOR)
    recent = measured.flows(MinuteSpan(span.last - pace_minutes, span.last))
    if not all(flow.amounts[:, 1].any() for flow in recent):
        return None
    paces = [flow_pace(flow) for flow in recent]
    coming = [remaining_flow(flow, window, end_ns=end_ns) for flow in measured.flows(span)]

    def when(ratios: Sequence[float]) -> int | None:
        return exhaustion_ns(coming, paces, ratios, end_ns=end_ns)

    jobs = sum(one.total for one in paces)
    lows, highs = [one.low for one in paces], [one.high for one in paces]
    return Forecast(
        when([one.ratio for one in paces]),
        when(highs),
        when(lows),
        pace_minutes,
        round(jobs),
        *(
            sum(one.total * ratio for one, ratio in zip(paces, ratios, strict=True)) / jobs
            for ratios in ([one.ratio for one in paces], lows, highs)
        ),
    )


def flow_pace(flow: Flow) -> FlowPace:
    bad, total = (float(one) for one in flow.amounts.sum(axis=0))
    return FlowPace(
        flow, total, total / len(flow.amounts), bad / total, *clopper_pearson_interval(bad, total)
    )


def clopper_pearson_interval(bad: float, total: float) -> tuple[float, float]:
    """The exact interval of a ratio (Clopper and Pearson, 1934)."""
    rest = (1 - CONFIDENCE) / 2
    low = float(betaincinv(bad, total - bad + 1, rest)) if bad else 0.0
    high = float(betaincinv(bad + 1, total - bad, 1 - rest)) if bad < total else 1.0
    return low, high


def remaining_flow(flow: Flow, window: TimeWindow, *, end_ns: int) -> Flow:
    """The events of the current window that are still in it n slots from now.

    A rolling window loses its oldest slot with every slot; a calendar window loses none.
    """
    whole = flow.amounts.sum(axis=0)
    if window.is_rolling:
        return replace(flow, amounts=whole - np.cumsum(flow.amounts, axis=0))
    _, period_end_ns = window.bounds_at(end_ns)
    remaining = max(0, (period_end_ns - end_ns) // (flow.minutes * MINUTE_NS))
    return replace(flow, amounts=np.tile(whole, (remaining, 1)))


def exhaustion_ns(
    coming: Sequence[Flow], paces: Sequence[FlowPace], ratios: Sequence[float], *, end_ns: int
) -> int | None:
    """The end of the first slot after which the budget is overspent."""
    slots = min(len(flow.amounts) for flow in coming)
    later = np.arange(1, slots + 1)
    burn: FloatArray = np.zeros(slots)
    for flow, one, ratio in zip(coming, paces, ratios, strict=True):
        bad = flow.amounts[:slots, 0] + later * one.per_slot * ratio
        burn += flow.burn * bad / (flow.amounts[:slots, 1] + later * one.per_slot)
    over = np.flatnonzero(burn > 1 + BURN_TOLERANCE)
    if not len(over):
        return None
    return end_ns + (int(over[0]) + 1) * coming[0].minutes * MINUTE_NS


@dataclass(frozen=True, slots=True)
class CanaryCost:
    """The cost of a canary: expected bad jobs, and their share of the error budget."""

    jobs: int
    bad_jobs: float
    budget_share: float | None


def canary_cost(
    series: Series, window: TimeWindow, *, target: Decimal, end_ns: int, jobs: int, bad_ratio: float
) -> CanaryCost:
    """The cost of ``jobs`` jobs, ``bad_ratio`` of them bad, against the current window's budget."""
    counted = series.counts_over(window_span(window, end_ns))
    allowed = float(1 - target) * (counted.total + jobs)
    bad = jobs * bad_ratio
    return CanaryCost(jobs, bad, bad / allowed if counted.total else None)
