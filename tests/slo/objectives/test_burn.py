"""Worked examples of the SRE Workbook, chapter 5, and laws."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framegate.slo.objectives.error_budget import (
    Share,
    budget_left,
    budget_units_left,
    burn_rate,
    burns_at_least,
    burns_faster,
    is_met,
    success_ratio,
)

TARGET = Decimal("0.999")


def counted(good: int = 0, bad: int = 0) -> Share:
    return Share(Fraction(good), Fraction(good + bad))


def test_burning_exactly_at_the_factor_is_not_faster() -> None:
    # 144 bad of 10,000 at 99.9 % is a burn rate of 14.4; in floats it would be 14.399999.
    factor = Fraction("14.4")
    assert burns_faster(counted(9856, 144), TARGET, factor) is False
    assert burns_at_least(counted(9856, 144), TARGET, factor) is True
    assert burns_at_least(counted(9857, 143), TARGET, factor) is False
    assert burns_faster(counted(9855, 145), TARGET, factor) is True
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
    assert burns_faster(nothing, TARGET, Fraction(1)) is None
    assert burns_at_least(nothing, TARGET, Fraction(0)) is None


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
