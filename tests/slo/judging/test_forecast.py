"""Forecasts against a simulation minute by minute."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from framegate.slo.counting.series import Counts, MinuteSpan, Series, series_of
from framegate.slo.judging.forecast import canary_cost, clopper_pearson_interval, forecast
from framegate.slo.openslo.fields import TimeWindow
from tests.slo.records import measured

MINUTE = 60 * 10**9
END = 1_790_000_040_000_000_000
NOW = END // MINUTE
TARGET = Decimal("0.9")


def rolling(text: str) -> TimeWindow:
    return TimeWindow.model_validate({"duration": text, "isRolling": True})


def steady(minutes: int, good: int, bad: int) -> Series:
    return series_of({NOW - n: Counts(good, bad) for n in range(minutes)})


def simulated(series: Series, minutes: int, pace: int, target: float) -> int | None:
    """Minutes until the window's budget is overspent, counted job by job."""
    bad = [0.0] * minutes
    total = [0.0] * minutes
    for back in range(minutes):
        counts = series.counts_over(MinuteSpan(NOW - back, NOW - back + 1))
        bad[minutes - 1 - back], total[minutes - 1 - back] = counts.bad, counts.total
    rate_bad = sum(bad[-pace:]) / pace
    rate = sum(total[-pace:]) / pace
    for later in range(1, minutes + 1):
        bad, total = [*bad[1:], rate_bad], [*total[1:], rate]
        if sum(bad) > (1 - target) * sum(total) + 1e-9:
            return later
    return None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 4)), min_size=120, max_size=120))
def test_the_forecast_is_what_a_simulation_finds(rows: list[tuple[int, int]]) -> None:
    series = series_of({NOW - n: Counts(good, bad) for n, (good, bad) in enumerate(rows)})
    found = forecast(measured(series, target=TARGET), rolling("2h"), end_ns=END)
    expected = simulated(series, 120, 60, 0.9)
    if not any(good + bad for good, bad in rows[:60]):
        assert found is None
        return
    assert found
    if found.exhausted_ns is None or expected is None:
        assert found.exhausted_ns is None
        assert expected is None
    else:
        assert abs((found.exhausted_ns - END) // MINUTE - expected) <= 1


def test_what_rolls_out_is_given_back_so_a_spent_day_is_never_spent_again() -> None:
    # All of the bad ones are about to leave the window; now there are none.
    early = {NOW - n: Counts(90, 9) for n in range(90, 120)}
    late = {NOW - n: Counts(100, 0) for n in range(90)}
    found = forecast(measured(series_of(early | late), target=TARGET), rolling("2h"), end_ns=END)
    assert found
    assert found.exhausted_ns is None
    assert found.earliest_ns is None


def test_more_than_is_allowed_for_long_enough_is_spent_within_the_window() -> None:
    found = forecast(measured(steady(60, 8, 2), target=TARGET), rolling("4h"), end_ns=END)
    assert found
    assert found.exhausted_ns
    assert found.earliest_ns
    assert found.earliest_ns <= found.exhausted_ns


def test_without_jobs_there_is_no_pace() -> None:
    assert forecast(measured(Series(), target=TARGET), rolling("7d"), end_ns=END) is None


def test_a_calendars_budget_is_new_at_its_end() -> None:
    day = {
        "duration": "1d",
        "calendar": {"startTime": "2026-01-01 00:00:00", "timeZone": "UTC"},
    }
    calendar = TimeWindow.model_validate(day)
    begin_ns, end_ns = calendar.bounds_at(END)
    spent_soon = forecast(measured(steady(200, 89, 11), target=TARGET), calendar, end_ns=END)
    assert spent_soon
    assert spent_soon.exhausted_ns
    assert spent_soon.exhausted_ns == END + MINUTE
    # A little too fast, and the day is over before that shows.
    mostly = {minute: Counts(100, 0) for minute in range(begin_ns // MINUTE, NOW - 60)}
    rest = {NOW - n: Counts(88, 12) for n in range(60)}
    late = forecast(measured(series_of(mostly | rest), target=TARGET), calendar, end_ns=END)
    assert late
    assert late.exhausted_ns is None
    assert late.latest_ns is None
    assert (end_ns - END) // MINUTE < 1440


@pytest.mark.parametrize(("bad", "total"), [(0, 10), (3, 40), (10, 10), (1, 1), (500, 9000)])
def test_the_interval_is_clopper_and_pearsons(bad: int, total: int) -> None:
    expected = binomtest(bad, total).proportion_ci(0.9, method="exact")
    assert clopper_pearson_interval(bad, total) == pytest.approx((expected.low, expected.high))


def test_a_canary_costs_its_bad_jobs() -> None:
    series = steady(100, 9, 1)  # 1,000 jobs
    found = canary_cost(series, rolling("2h"), target=TARGET, end_ns=END, jobs=500, bad_ratio=0.2)
    # 100 bad jobs of the 150 that 1,500 jobs allow.
    assert found.bad_jobs == 100
    assert found.budget_share == pytest.approx(2 / 3)
    empty = canary_cost(Series(), rolling("2h"), target=TARGET, end_ns=END, jobs=500, bad_ratio=0.2)
    assert empty.budget_share is None
