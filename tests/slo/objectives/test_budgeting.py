"""Three ways to spend a budget: OpenSLO's own example, and laws."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framegate.slo.counting.series import Counts, MinuteSpan, Series, series_of
from framegate.slo.objectives.error_budget import Budgeting, Share, budget_left, is_met
from framegate.slo.openslo.kinds import BudgetingMethod

TARGET = Decimal("0.95")
TWO_WEEKS = 14 * 24 * 60
OCCURRENCES = Budgeting()
TIMESLICES = Budgeting(BudgetingMethod.TIMESLICES, 1, Decimal("0.9"))
RATIOS = Budgeting(BudgetingMethod.RATIO_TIMESLICES)


def minutes(rows: Sequence[tuple[int, int]], *, first: int = 100) -> Series:
    """Good and bad jobs of one minute after the other."""
    counts = {first + n: Counts(good, bad) for n, (good, bad) in enumerate(rows)}
    return series_of(counts)


def share(budgeting: Budgeting, rows: Sequence[tuple[int, int]]) -> Share:
    return budgeting.share(minutes(rows), MinuteSpan(100, 100 + len(rows)))


def attacked(for_minutes: int) -> list[tuple[int, int]]:
    """Two weeks at 99 % of 100 jobs a minute, some of them at 1 %."""
    return [(1, 99)] * for_minutes + [(99, 1)] * (TWO_WEEKS - for_minutes)


@pytest.mark.parametrize(
    ("budgeting", "exhausted"),
    [
        (TIMESLICES, 16 * 60 + 48),  # 1,008 minutes, 5 % of two weeks
        (RATIOS, 13 * 60 + 42),  # OpenSLO says about 13 hours and 45 minutes
        (OCCURRENCES, 13 * 60 + 42),  # the same, for every minute has as many jobs here
    ],
)
def test_openslos_example_exhausts_the_budget_when_it_says(
    budgeting: Budgeting, exhausted: int
) -> None:
    assert is_met(share(budgeting, attacked(exhausted)), TARGET) is True
    assert is_met(share(budgeting, attacked(exhausted + 1)), TARGET) is False


def test_a_flood_spends_jobs_at_once_and_slices_hardly() -> None:
    flood = [(10, 0)] * 1_000 + [(0, 100_000)]
    assert (budget_left(share(OCCURRENCES, flood), TARGET) or 0) < -15
    for budgeting in (TIMESLICES, RATIOS):
        left = budget_left(share(budgeting, flood), TARGET)
        assert left == pytest.approx(1 - 1 / (1_001 * 0.05))


def test_uneven_traffic_is_weighed_as_the_method_says() -> None:
    # 23 hours at 1 per 5 minutes, all good, then an hour at 1000 per 5 minutes, 10 % bad.
    rows = [pair for _ in range(23 * 12) for pair in [(1, 0), *[(0, 0)] * 4]]
    rows += [pair for _ in range(12) for pair in [(900, 100), *[(0, 0)] * 4]]
    jobs, ratios = share(OCCURRENCES, rows), share(Budgeting(RATIOS.method, 5), rows)
    assert float(jobs.bad / jobs.total) == pytest.approx(0.0978, abs=5e-5)
    assert float(ratios.bad / ratios.total) == pytest.approx(0.0042, abs=5e-5)


def test_a_slice_is_good_at_its_target_exactly() -> None:
    nine_of_ten = share(TIMESLICES, [(9, 1), (8, 1), (90, 10), (89, 11)])
    assert nine_of_ten == Share(Fraction(2), Fraction(4))


def test_slices_without_jobs_are_neither_good_nor_bad() -> None:
    for budgeting in (TIMESLICES, RATIOS):
        found = share(budgeting, [(0, 0), (10, 0), (0, 0), (0, 10)])
        assert found == Share(Fraction(1), Fraction(2))
        assert share(budgeting, [(0, 0)] * 3).total == 0


def test_slices_begin_at_whole_multiples_and_count_in_the_window_they_end_in() -> None:
    series = minutes([(1, 0)] * 20, first=100)
    fives = Budgeting(BudgetingMethod.RATIO_TIMESLICES, 5)
    assert fives.share(series, MinuteSpan(100, 120)).total == 4
    assert (
        fives.share(series, MinuteSpan(103, 118)).total == 3
    )  # those that end at 105, 110 and 115
    assert fives.share(series, MinuteSpan(100, 104)).total == 0  # not over


def test_ratios_are_added_exactly() -> None:
    found = share(RATIOS, [(1, 2), (1, 2), (1, 2), (2, 5)])
    assert found.good == 1 + Fraction(2, 7)


ROWS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=40)


@given(ROWS, st.data())
def test_a_bad_job_never_helps(rows: list[tuple[int, int]], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(rows) - 1))
    # An empty slice that gets its first job is counted from then on.
    if sum(rows[at]) == 0:
        rows[at] = (1, 0)
    worse = [(good, bad + (n == at)) for n, (good, bad) in enumerate(rows)]
    for budgeting in (OCCURRENCES, TIMESLICES, RATIOS):
        before, after = (budget_left(share(budgeting, one), TARGET) for one in (rows, worse))
        assert before is not None
        assert after is not None
        assert after <= before


@given(ROWS, st.integers(0, 40))
def test_windows_side_by_side_add_up(rows: list[tuple[int, int]], cut: int) -> None:
    series, end = minutes(rows), 100 + len(rows)
    middle = min(100 + cut, end)
    for budgeting in (OCCURRENCES, TIMESLICES, RATIOS):
        whole = budgeting.share(series, MinuteSpan(100, end))
        first, second = (
            budgeting.share(series, span)
            for span in (MinuteSpan(100, middle), MinuteSpan(middle, end))
        )
        assert (first.good + second.good, first.total + second.total) == (whole.good, whole.total)
