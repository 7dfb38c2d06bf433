"""The gate's statistics: by hand, by simulation, by law."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from framegate.quality.gate.judging.shares import (
    NetShare,
    share_bounds,
    share_needed,
    share_p,
)
from framegate.quality.gate.judging.stats import (
    compare,
    hall_transform,
    harm_p,
    holm,
    inverse_hall_transform,
    linearize_weighted_mean,
    n_needed_from_p,
    ratio_bounds,
)


def test_a_worked_example() -> None:
    # mean 0.02, sd 0.01, n 4: t(0.95, 3) = 2.353363, half width 2.353363 * 0.01 / 2.
    values = [0.0085, 0.0165, 0.0235, 0.0315]
    found = compare(values, margin=0.01)
    deviation = np.std(values, ddof=1)
    assert found.mean == pytest.approx(0.02)
    assert found.lower == pytest.approx(0.02 - 2.353363 * deviation / 2, abs=1e-6)
    assert found.upper == pytest.approx(0.02 + 2.353363 * deviation / 2, abs=1e-6)


def test_a_long_tail_is_covered_where_students_t_covers_too_little() -> None:
    """Differences with a tail of bad prompts: the mean is 0, and seldom below the lower bound."""
    random = np.random.default_rng(4)
    missed = {"ours": 0, "t": 0}
    runs, n = 1_500, 12
    for _ in range(runs):
        values = 1 - random.exponential(1, n)
        found = compare(values.tolist(), margin=1.0)
        reach = float(stats.t.ppf(0.95, n - 1)) * found.deviation / math.sqrt(n)
        missed["ours"] += found.lower > 0
        missed["t"] += found.mean - reach > 0
    assert missed["t"] / runs > 0.1
    assert missed["ours"] / runs < 0.09


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=15), st.floats(-4, 4))
def test_the_transformation_is_undone(values: list[float], t: float) -> None:
    array = np.array(values)
    assert inverse_hall_transform(hall_transform(t, array), array) == pytest.approx(t, abs=1e-4)


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=15), st.floats(0.001, 0.5))
def test_harm_is_shown_where_the_upper_bound_is_below_the_margin(
    values: list[float], margin: float
) -> None:
    found = compare(values, margin=margin)
    if abs(found.upper + margin) > 1e-6:
        assert (found.harm_p < 0.05) == (found.upper < -margin)


def test_corroboration_by_hand() -> None:
    found = compare([-3.0, -2.0, -1.0], margin=0.5)
    assert found.shift == -2.0
    # Of the eight ways to flip -2.5, -1.5 and -0.5, none sums to less than they do.
    assert found.flips_p == 1 / 8
    assert compare([0.0, 0.0, 0.0], margin=0.5).flips_p == 1.0


def test_equal_clips_have_an_exact_answer() -> None:
    found = compare([0.0] * 8, margin=0.01)
    assert (found.mean, found.lower, found.upper, found.harm_p) == (0.0, 0.0, 0.0, 1.0)
    assert compare([-0.5] * 8, margin=0.01).harm_p == 0.0


@pytest.mark.parametrize("values", [[], [0.1], [0.1, math.nan], [0.1, math.inf]])
def test_too_little_or_broken_evidence_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="at least two differences, all of them finite"):
        compare(values, margin=0.01)


def test_the_needed_number_of_prompts_matches_the_power_formula() -> None:
    values = np.random.default_rng(1).normal(0.0, 0.012, 4000)
    assert compare(list(values - values.mean()), margin=0.01).n_needed in (8, 9)


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=15), st.floats(0.001, 0.5))
def test_what_is_not_decided_needs_more_prompts(values: list[float], margin: float) -> None:
    found = compare(values, margin=margin)
    if found.lower <= -margin <= found.upper and found.n_needed is not None:
        assert found.n_needed > found.n


def test_more_harm_is_never_less_sure() -> None:
    """Frame times of a model twice as slow, all of 8 prompts slower by 49 to 104 %."""
    random = np.random.default_rng(7)
    slower = np.array([0.43, 0.41, 0.39, 0.38, 0.35, 0.35, 0.33, 0.24])
    for values in (-slower, slower - 1, 1 - random.exponential(1, 20), random.exponential(1, 20)):
        falling = [harm_p(values - shift, margin=0.0) for shift in np.linspace(-1, 30, 200)]
        assert falling == sorted(falling, reverse=True)
        assert falling[-1] < 0.05 / 1000


def test_the_number_of_prompts_for_a_smaller_p() -> None:
    # One standard error and a half more than half of what 5 % with 80 % power asks for.
    assert n_needed_from_p(float(stats.norm.sf(2.486)), 20, alpha=0.05) == 21
    needed = n_needed_from_p(0.01, 20, alpha=0.05 / 20)
    assert needed == math.ceil(20 * ((2.8070 + 0.8416) / 2.3263) ** 2)
    assert n_needed_from_p(0.6, 20, alpha=0.05) is None
    assert n_needed_from_p(0.0, 20, alpha=0.05) == 21


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == [True, False, False]
    assert holm([0.01, 0.02, 0.03]) == [True, True, True]
    assert holm([0.2]) == [False]
    assert holm([]) == []


@pytest.mark.parametrize("n", [10, 30])
def test_harm_is_seldom_claimed_where_there_is_none(n: int) -> None:
    random = np.random.default_rng(n)
    runs = [compare(random.normal(-0.01, 0.012, n).tolist(), margin=0.01) for _ in range(400)]
    claimed = sum(run.harm_p <= 0.05 for run in runs) / len(runs)
    passed = sum(run.lower > -0.01 for run in runs) / len(runs)
    assert claimed < 0.09
    assert passed < 0.11


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=2, max_size=15), st.floats(0.001, 0.5))
def test_shifting_every_difference_shifts_the_bounds(values: list[float], shift: float) -> None:
    before = compare(values, margin=0.01)
    after = compare([value + shift for value in values], margin=0.01)
    assert after.lower == pytest.approx(before.lower + shift, abs=1e-6)
    assert after.harm_p >= before.harm_p - 1e-9


def test_a_share_of_the_baseline_has_its_own_interval() -> None:
    """Fieller's interval by hand, where no skew changes it: the roots of its quadratic."""
    base = np.array([9.0, 10.0, 11.0, 9.0, 10.0, 11.0])
    values = np.array([0.9, 1.1, 1.0, 1.0, 0.9, 1.1])
    n, quantile = values.size, float(stats.t.ppf(0.95, 5))
    covariance = np.cov(values, base, ddof=1) / n
    g = quantile**2 * covariance[1, 1]
    a = base.mean() ** 2 - g
    b = -2 * (values.mean() * base.mean() - quantile**2 * covariance[0, 1])
    c = values.mean() ** 2 - quantile**2 * covariance[0, 0]
    root = math.sqrt(b * b - 4 * a * c)
    low, high = ratio_bounds(values, base)
    assert low <= (-b - root) / (2 * a) + 1e-9
    assert high >= (-b + root) / (2 * a) - 1e-9
    assert (low, high) == pytest.approx(((-b - root) / (2 * a), (-b + root) / (2 * a)), rel=0.02)


def test_a_share_of_what_may_be_nothing_has_none() -> None:
    with pytest.raises(ValueError, match="may be zero"):
        ratio_bounds(np.array([1.0, 2.0, 3.0]), np.array([-1.0, 0.0, 1.5]))


def test_the_interval_of_a_ratio_covers_it() -> None:
    random = np.random.default_rng(5)
    held = 0
    for _ in range(800):
        base = random.lognormal(0, 0.4, 20)
        values = 0.1 * base + random.normal(0, 0.05, 20)
        low, high = ratio_bounds(values, base)
        held += low <= 0.1 <= high
    assert held / 800 == pytest.approx(0.90, abs=0.03)


def test_a_share_that_is_not_decided_needs_more_prompts() -> None:
    # Nothing broke: 28 prompts leave room for 10 %, of 29 the exact bound is below it.
    assert [share_needed(0, n, at_most=0.1) for n in (10, 28, 29)] == [25, 29, 25]
    assert share_needed(1, 10, at_most=0.1) is None


@given(st.integers(0, 40), st.integers(1, 40))
def test_shares_have_exact_bounds(count: int, n: int) -> None:
    if count <= n:
        low, high = share_bounds(count, n)
        assert 0 <= low <= count / n <= high <= 1
        if count:
            assert share_p(count, n, at_most=low) == pytest.approx(0.05, abs=1e-6)


def test_weights_make_the_weighted_mean() -> None:
    values, weights = np.array([1.0, 2.0, 6.0]), np.array([1.0, 1.0, 2.0])
    assert linearize_weighted_mean(values, weights).mean() == pytest.approx(15 / 4)
    assert linearize_weighted_mean(values, np.ones(3)).tolist() == values.tolist()
    assert linearize_weighted_mean(np.full(3, 0.5), weights).tolist() == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(("n", "better"), [(29, 0.0), (48, 0.05), (48, 0.16), (100, 0.02)])
def test_a_net_share_at_the_limit_is_told_wrongly_as_seldom_as_is_said(
    n: int, better: float
) -> None:
    random = np.random.default_rng(3)
    draws = random.multinomial(n, [better + 0.1, better, 0.9 - 2 * better], 2_000)
    found = [NetShare(int(up), int(down), n) for up, down, _ in draws]
    passed = np.mean([one.bounds()[1] <= 0.1 for one in found])
    failed = np.mean([one.harm_p(0.1) <= 0.05 for one in found])
    assert passed <= 0.07  # 5 %, the score is not exact, and chance
    assert failed <= 0.07


def test_a_net_share_of_worse_prompts_alone_is_the_exact_share() -> None:
    for count, n in ((0, 29), (3, 40), (12, 48)):
        net = NetShare(count, 0, n)
        assert net.bounds()[1] >= share_bounds(count, n)[1]
        assert net.harm_p(0.1) >= share_p(count, n, at_most=0.1)
        assert net.bounds()[0] <= net.value <= net.bounds()[1]
    assert NetShare(0, 0, 29).bounds()[1] == pytest.approx(0.0981, abs=1e-4)
    assert NetShare(0, 0, 28).bounds()[1] > 0.1


def test_as_many_better_as_worse_is_no_harm() -> None:
    """A sixth of an equal model's prompts are beyond four margins where noise is four margins."""
    assert NetShare(16, 0, 100).harm_p(0.1) < 0.05
    assert NetShare(16, 16, 100).harm_p(0.1) > 0.9
    assert NetShare(2, 9, 48).value < 0


def test_the_score_falls_with_the_share_and_is_zero_at_the_value() -> None:
    net = NetShare(9, 4, 60)
    scores = [net.score(share) for share in np.linspace(-0.5, 0.5, 21)]
    assert scores == sorted(scores, reverse=True)
    assert net.score(net.value) == pytest.approx(0.0, abs=1e-9)
