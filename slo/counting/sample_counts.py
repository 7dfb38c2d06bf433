"""Samples of a Prometheus as counts by minute: good, bad, pending, excluded."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from framegate.slo.counting.increases import MINUTE_SECONDS
from framegate.slo.counting.prometheus_api import Samples
from framegate.slo.counting.prometheus_indicator import PrometheusIndicator, SampleKind
from framegate.slo.counting.series import BoolArray, FloatArray, IntArray
from framegate.slo.openslo.kinds import ComparisonOperator

MAX_AMOUNT = 2**46  # in one minute; sums over months stay exact


def sum_by_minute(series: Iterable[Samples], *, first: int, last: int) -> FloatArray:
    """The sum of all series; NaN if a value is NaN, 0 without a sample."""
    found = np.zeros(last - first)
    for one in series:
        places = (one.times // MINUTE_SECONDS).astype(np.int64) - first
        inside = (places >= 0) & (places < len(found))
        found += np.bincount(places[inside], one.values[inside], minlength=len(found))
    return found


def classify_amounts(asked: PrometheusIndicator, total: FloatArray, part: FloatArray) -> IntArray:
    """Counts (n, 4); a minute with an invalid amount, or with more part than total, is pending."""
    known = countable_mask(total, asked.units_per_event) & countable_mask(
        part, asked.units_per_event
    )
    of_all, of_part = (
        np.rint(np.where(known, one, 0) * asked.units_per_event).astype(np.int64)
        for one in (total, part)
    )
    good = of_all - of_part if asked.of_bad else of_part
    fit = known & (of_part >= 0) & (of_part <= of_all)
    counts = np.zeros((len(of_all), 4), np.int64)
    counts[fit, 0], counts[fit, 1] = good[fit], (of_all - good)[fit]
    counts[~fit, 2] = np.maximum(of_all, of_part)[~fit].clip(min=asked.units_per_event)
    return counts


def countable_mask(amounts: FloatArray, unit: int) -> BoolArray:
    return np.isfinite(amounts) & (np.abs(amounts) <= MAX_AMOUNT / unit)


def classify_readings(
    asked: PrometheusIndicator, series: Iterable[Samples], *, first: int, last: int
) -> IntArray:
    """Counts (n, 4) of all values; one that is NaN or an invalid ratio is pending."""
    counts = np.zeros((last - first, 4), np.int64)
    for one in series:
        places = (one.times // MINUTE_SECONDS).astype(np.int64) - first
        good = good_ratios(asked, one.values)
        known = ~np.isnan(good)
        whole = np.rint(np.where(known, good, 0) * asked.units_per_event).astype(np.int64)
        np.add.at(counts[:, 0], places, whole)
        np.add.at(counts[:, 1], places, np.where(known, asked.units_per_event - whole, 0))
        np.add.at(counts[:, 2], places, np.where(known, 0, asked.units_per_event))
    return counts


COMPARISONS: Mapping[ComparisonOperator, Callable[[FloatArray, float], BoolArray]] = {
    ComparisonOperator.GT: np.greater,
    ComparisonOperator.GTE: np.greater_equal,
    ComparisonOperator.LT: np.less,
    ComparisonOperator.LTE: np.less_equal,
}


def good_ratios(asked: PrometheusIndicator, values: FloatArray) -> FloatArray:
    """The good ratio of each value, 0 to 1; NaN if it is unknown."""
    if asked.sample_kind is SampleKind.RATIOS:
        good = 1 - values if asked.of_bad else values
        return np.where((good >= 0) & (good <= 1), good, np.nan)
    assert asked.op
    assert asked.value is not None
    held = COMPARISONS[asked.op](values, float(asked.value))
    return np.where(np.isnan(values), np.nan, held)
