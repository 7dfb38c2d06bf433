"""Windows by the calendar: months of their own length, days of 23 and 25 hours."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from framegate.slo.openslo.fields import TimeWindow, parse_duration
from framegate.telemetry.platform.clock import SECOND_NS
from tests.volume import examples

HOUR_NS = 3_600 * SECOND_NS


def ns(text: str, zone: str = "UTC") -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return int(moment.timestamp()) * SECOND_NS


def by_calendar(duration: str, start: str, zone: str = "UTC") -> TimeWindow:
    given = {"startTime": start, "timeZone": zone}
    return TimeWindow.model_validate({"duration": duration, "calendar": given})


def rolling(duration: str) -> TimeWindow:
    return TimeWindow.model_validate({"duration": duration, "isRolling": True})


@pytest.mark.parametrize(
    ("duration", "start", "at", "expected"),
    [
        ("1M", "2024-01-01 00:00:00", "2024-02-29T23:59:59", ("2024-02-01", "2024-03-01")),
        ("1M", "2024-01-01 00:00:00", "2024-03-01T00:00:00", ("2024-03-01", "2024-04-01")),
        ("1M", "2024-01-31 00:00:00", "2024-03-30T00:00:00", ("2024-02-29", "2024-03-31")),
        ("1Q", "2024-01-01 00:00:00", "2026-11-21T12:00:00", ("2026-10-01", "2027-01-01")),
        ("1Y", "2024-02-29 00:00:00", "2025-06-01T00:00:00", ("2025-02-28", "2026-02-28")),
        ("2w", "2024-01-01 00:00:00", "2024-01-20T00:00:00", ("2024-01-15", "2024-01-29")),
        ("1d", "2024-01-10 06:00:00", "2024-01-01T05:00:00", ("2023-12-31T06", "2024-01-01T06")),
        ("6h", "2024-01-01 00:00:00", "2024-01-01T17:00:00", ("2024-01-01T12", "2024-01-01T18")),
    ],
)
def test_a_time_lies_in_its_period(
    duration: str, start: str, at: str, expected: tuple[str, str]
) -> None:
    found = by_calendar(duration, start).bounds_at(ns(at))
    assert found == tuple(ns(edge) for edge in expected)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)]
)
def test_days_are_as_long_as_clocks_make_them(day: str, hours: int) -> None:
    window = by_calendar("1d", "2026-01-01 00:00:00", "Europe/Berlin")
    start, end = window.bounds_at(ns(f"{day}T12:00:00", "Europe/Berlin"))
    assert end - start == hours * HOUR_NS
    assert start == ns(day, "Europe/Berlin")
    assert window.bounds_at(end - 1) == (start, end)
    assert window.bounds_at(end)[0] == end


def test_a_start_that_a_clock_skips_or_shows_twice_is_one_instant() -> None:
    window = by_calendar("1d", "2026-01-01 02:30:00", "Europe/Berlin")
    skipped, _ = window.bounds_at(ns("2026-03-29T12:00:00"))
    assert skipped == ns("2026-03-29T01:30:00")  # 03:30 in summer time
    twice, _ = window.bounds_at(ns("2026-10-25T12:00:00"))
    assert twice == ns("2026-10-25T00:30:00")  # the first 02:30


ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]
)
DURATIONS = st.builds(lambda n, unit: f"{n}{unit}", st.integers(1, 4), st.sampled_from("hdwMQY"))
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001


@settings(max_examples=examples(300), deadline=None)
@given(DURATIONS, TIMES, ZONES, TIMES)
def test_periods_follow_each_other_without_gap_or_overlap(
    duration: str, start: datetime, zone: str, at: datetime
) -> None:
    window = by_calendar(duration, start.strftime("%Y-%m-%d %H:%M:%S"), zone)
    at_ns = int(at.replace(tzinfo=UTC).timestamp()) * SECOND_NS
    first, end = window.bounds_at(at_ns)
    assert first <= at_ns < end
    assert window.bounds_at(first) == (first, end)
    assert window.bounds_at(end - 1) == (first, end)
    assert window.bounds_at(end)[0] == end


@pytest.mark.parametrize(
    ("duration", "start"),
    [("7d", "2026-03-24T10:00:00"), ("1M", "2026-02-28T10:00:00"), ("1Y", "2025-03-31T10:00:00")],
)
def test_a_rolling_window_ends_now(duration: str, start: str) -> None:
    at = ns("2026-03-31T10:00:00") + 5
    assert rolling(duration).bounds_at(at) == (ns(start) + 5, at)


@pytest.mark.parametrize("text", ["", "0d", "1", "d", "1s", "1.5h", "-1d", "1y", " 1d", "99Y"])
def test_what_is_no_duration_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration is|longer than"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("start", "zone", "message"),
    [
        ("2024-01-01", "UTC", "does not match format"),
        ("0001-01-01 00:00:00", "UTC", "not between 1970"),
        ("2024-02-30 00:00:00", "UTC", "day is out of range|does not match"),
        ("2024-01-01 00:00:00", "Mars/Olympus", "no|not a time zone"),
        ("2024-01-01 00:00:00", "../../etc/passwd", "not a time zone"),
    ],
)
def test_a_calendar_that_is_none_is_an_error(start: str, zone: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        by_calendar("1d", start, zone)
