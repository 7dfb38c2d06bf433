"""Worked examples of the SRE Workbook, chapter 5, and laws."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.budgeting import Share
from slo.burn import (
    budget_left,
    budget_units_left,
    burn_rate,
    burns_faster,
    fires,
    is_met,
    reachable,
    success_ratio,
    tiers,
)

DAY = 86_400
TARGET = Decimal("0.999")


def counted(good: int = 0, bad: int = 0) -> Share:
    return Share(Fraction(good), Fraction(good + bad))


def test_the_workbooks_tiers_for_thirty_days() -> None:
    assert [(t.long_seconds, t.short_seconds, t.factor) for t in tiers(30 * DAY)] == [
        (3600, 300, Decimal("14.4")),
        (6 * 3600, 1800, Decimal("6")),
        (3 * DAY, 6 * 3600, Decimal("1")),
    ]


def test_seven_days_have_factors_of_their_own() -> None:
    assert [t.factor for t in tiers(7 * DAY)][:2] == [Decimal("3.36"), Decimal("1.4")]


def test_a_tier_above_one_in_budget_is_unreachable() -> None:
    fast = tiers(30 * DAY)[0]
    assert reachable(fast, Decimal("0.9306"))
    assert not reachable(fast, Decimal("0.9305"))


def test_burning_exactly_at_the_factor_is_not_faster() -> None:
    # 144 bad of 10,000 at 99.9 % is a burn rate of 14.4; in floats it would be 14.399999.
    assert burns_faster(counted(9856, 144), TARGET, Decimal("14.4")) is False
    assert burns_faster(counted(9855, 145), TARGET, Decimal("14.4")) is True
    assert burn_rate(counted(9856, 144), TARGET) == pytest.approx(14.4)


def test_uneven_traffic_is_weighed_by_jobs_and_not_by_time() -> None:
    # 23 hours at 1 per 5 minutes, all good, then an hour at 1000 per 5 minutes, 10 % bad.
    counts = counted(good=23 * 12 + 10_800, bad=1_200)
    ratio = success_ratio(counts)
    assert ratio is not None
    assert 1 - ratio == pytest.approx(0.0978, abs=5e-5)


def test_nothing_has_no_ratio_no_burn_and_no_budget() -> None:
    nothing = counted()
    assert success_ratio(nothing) is None
    assert burn_rate(nothing, TARGET) is None
    assert budget_left(nothing, TARGET) is None
    assert budget_units_left(nothing, TARGET) is None
    assert is_met(nothing, TARGET) is None
    assert fires(tiers(30 * DAY)[0], nothing, counted(0, 9), target=TARGET) is None


def test_both_windows_must_burn() -> None:
    fast = tiers(30 * DAY)[0]
    hot, cool = counted(0, 10), counted(10, 0)
    assert fires(fast, hot, hot, target=TARGET) is True
    assert fires(fast, hot, cool, target=TARGET) is False
    assert fires(fast, cool, hot, target=TARGET) is False


def test_budget_goes_below_zero_when_overspent() -> None:
    counts = counted(good=990, bad=10)
    assert budget_left(counts, Decimal("0.995")) == pytest.approx(-1.0)
    assert budget_units_left(counts, Decimal("0.995")) == pytest.approx(-5.0)


def test_the_target_itself_is_met() -> None:
    assert is_met(counted(995, 5), Decimal("0.995")) is True
    assert is_met(counted(994, 6), Decimal("0.995")) is False


COUNTS = st.builds(counted, good=st.integers(0, 10**6), bad=st.integers(0, 10**6))
TARGETS = st.decimals("0.5", "0.9999", places=4)


@given(COUNTS, TARGETS)
def test_a_bad_job_never_lowers_the_burn_or_adds_budget(counts: Share, target: Decimal) -> None:
    worse = Share(counts.good, counts.total + 1)
    before, after = burn_rate(counts, target), burn_rate(worse, target)
    assert after is not None
    assert before is None or after >= before
    left, left_after = budget_left(counts, target), budget_left(worse, target)
    assert left_after is not None
    assert left is None or left_after <= left


@given(COUNTS, TARGETS)
def test_met_and_budget_agree(counts: Share, target: Decimal) -> None:
    left = budget_left(counts, target)
    met = is_met(counts, target)
    assert (left is None) == (met is None)
    if left is not None and abs(left) > 1e-9:
        assert (left > 0) == met
