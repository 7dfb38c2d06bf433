"""Alert conditions: the Workbook's tables, other periods, and who can know."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from framegate.slo.counting.series import Counts, series_of
from framegate.slo.judging.alerts import (
    CONFIDENCE,
    LEAST_BAD,
    SUFFICIENT_EXPECTED_BAD,
    judge_condition,
)
from framegate.slo.objectives.alert_rules import (
    Condition,
    Severity,
    simple_conditions,
    standard_conditions,
)
from framegate.slo.objectives.error_budget import Budgeting
from framegate.slo.openslo.kinds import BudgetingMethod
from tests.slo.records import measured

DAY = 86_400
TARGET = Decimal("0.999")
MINUTE = 100_000  # the first that is not looked at


def shown(conditions: tuple[Condition, ...]) -> list[tuple[Fraction, int, int | None]]:
    return [(one.factor, one.long_minutes, one.short_minutes) for one in conditions]


def test_the_workbooks_tiers_for_thirty_days() -> None:
    assert shown(standard_conditions(30 * DAY)) == [
        (Fraction("14.4"), 60, 5),
        (Fraction(6), 360, 30),
        (Fraction(3), 1440, 120),
        (Fraction(1), 4320, 360),
    ]
    assert [one.severity for one in standard_conditions(30 * DAY)] == [
        "page",
        "page",
        "ticket",
        "ticket",
    ]


def test_a_months_windows_stay_and_its_factors_follow() -> None:
    assert shown(standard_conditions(28 * DAY))[0] == (Fraction("13.44"), 60, 5)
    assert shown(standard_conditions(31 * DAY))[3] == (Fraction(31, 30), 4320, 360)


def test_shorter_and_longer_periods_have_windows_of_their_own() -> None:
    assert shown(standard_conditions(7 * DAY)) == [
        (Fraction("14.4"), 14, 2),
        (Fraction(6), 84, 7),
        (Fraction(3), 336, 28),
        (Fraction(1), 1008, 84),
    ]
    assert shown(standard_conditions(90 * DAY))[0] == (Fraction("14.4"), 180, 15)


@given(st.integers(1, 400))
def test_a_tier_fires_when_its_share_of_the_budget_is_gone(days: int) -> None:
    shares = [Fraction(2, 100), Fraction(5, 100), Fraction(10, 100), Fraction(10, 100)]
    for condition, share in zip(standard_conditions(days * DAY), shares, strict=True):
        assert condition.factor * condition.long_minutes / (days * 1440) == share
        assert condition.short_minutes is not None
        assert 1 <= condition.short_minutes <= condition.long_minutes


def test_the_starting_policy_pages_above_three_for_an_hour() -> None:
    assert shown(simple_conditions(30 * DAY)) == [(Fraction(3), 60, None)]


def test_a_factor_above_one_in_budget_is_unreachable() -> None:
    fast = standard_conditions(30 * DAY)[0]
    assert fast.can_fire(Decimal("0.9306"))
    assert not fast.can_fire(Decimal("0.9305"))
    exactly = replace(fast, factor=Fraction(10))
    assert not exactly.can_fire(Decimal("0.9"))
    assert replace(exactly, at_least=True).can_fire(Decimal("0.9"))


FAST = Condition("fast", Severity.PAGE, Fraction(10), 60, 5)


def found(
    early: Counts,
    late: Counts,
    *,
    condition: Condition = FAST,
    target: Decimal = TARGET,
    known: bool = True,
    budgeting: Budgeting | None = None,
) -> bool | None:
    """``late`` in the short window, ``early`` before it."""
    series = series_of({MINUTE - 30: early, MINUTE - 2: late})
    return judge_condition(
        condition,
        measured(series, target=target, budgeting=budgeting or Budgeting()),
        end_minute=MINUTE,
        known=known,
    ).holds


HOT, COOL = Counts(good=9_000, bad=1_000), Counts(good=10_000)


def test_both_windows_must_burn() -> None:
    assert found(HOT, HOT) is True
    assert found(HOT, COOL) is False
    assert found(Counts(good=10_000_000), HOT) is False


def test_a_burn_is_a_burn_whatever_else_is_missing_and_calm_is_calm_only_where_all_is_known() -> (
    None
):
    assert found(HOT, HOT, known=False) is True
    assert found(COOL, COOL, known=False) is None
    assert found(COOL, COOL) is False


def test_a_window_without_traffic_is_no_news() -> None:
    assert found(Counts(), Counts()) is None
    assert found(HOT, Counts()) is None
    assert found(COOL, Counts()) is False


def test_exactly_at_the_factor_is_a_matter_of_the_operator() -> None:
    at = Counts(good=99_000, bad=1_000)  # a burn rate of 10
    assert found(at, at) is False
    assert found(at, at, condition=replace(FAST, at_least=True)) is True


def test_one_failed_job_does_not_page() -> None:
    # Six jobs an hour at 99 %: one failure is a burn rate of 16.7.
    one = Counts(good=5, bad=1)
    assert found(Counts(), one, target=Decimal("0.99")) is None
    assert found(Counts(), Counts(bad=2), target=Decimal("0.99")) is None
    assert found(Counts(), Counts(bad=3), target=Decimal("0.99")) is True


def test_few_jobs_must_be_above_the_threshold_with_confidence() -> None:
    target, threshold = Decimal("0.98"), 0.2
    for good in range(30):
        counts = Counts(good=good, bad=3)
        total = good + 3
        if 3 / total <= threshold or threshold * total >= SUFFICIENT_EXPECTED_BAD:
            continue
        sure = binom.sf(2, total, threshold) <= 1 - CONFIDENCE
        assert found(Counts(), counts, target=target) is (True if sure else None)


def test_slices_of_time_need_no_number_of_jobs() -> None:
    sliced = Budgeting(BudgetingMethod.TIMESLICES, 1, Decimal("0.5"))
    one = Counts(bad=1)
    assert found(one, one, target=Decimal("0.95"), budgeting=sliced) is True


@given(
    st.integers(0, 400),
    st.integers(0, 60),
    st.sampled_from([Decimal("0.9"), Decimal("0.95"), Decimal("0.99"), Decimal("0.999")]),
)
def test_a_bad_job_never_calms_an_alert(good: int, bad: int, target: Decimal) -> None:
    before = found(Counts(), Counts(good=good, bad=bad), target=target)
    after = found(Counts(), Counts(good=good, bad=bad + 1), target=target)
    if before:
        assert after
    if before is None and good + bad:
        assert after is not False
    assert LEAST_BAD == 3
