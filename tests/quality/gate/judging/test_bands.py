"""Two-sided rules: too much and too little are faults, measured in the baseline's own spread."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framegate.quality.gate.evidence.evidence import Clip
from framegate.quality.gate.judging.check import Check
from framegate.quality.gate.reports.numbers import format_numbers, limit_text
from framegate.telemetry.platform.verdict import Verdict
from tests.quality.gate.made_evidence import HEAD, clips, judged, policy

BLUR = "blur_v1"
BAND = HEAD + f"metrics: {{{BLUR}: {{band: {{spreads: 0.8}}}}}}\n"
OUTSIDE = HEAD + f"metrics: {{{BLUR}: {{outside: {{spreads: 6, at_most: 0.1}}}}}}\n"


def with_values(values: np.ndarray, *, category: int = 0) -> tuple[Clip, ...]:
    found = clips(prompts=len(values), base={})
    return tuple(
        replace(
            clip,
            values={BLUR: float(value)},
            category=f"c{n % category}" if category else "all",
        )
        for n, (clip, value) in enumerate(zip(found, values, strict=True))
    )


def checked(before: np.ndarray, after: np.ndarray, rules: str) -> Check:
    found = judged(with_values(before), with_values(after), policy(rules))
    (check,) = (check for check in found.checks if check.measure)
    return check


def normal(size: int, *, seed: int, mean: float = 0.3, spread: float = 0.05) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, spread, size)


@pytest.mark.parametrize("shift", [0.1, -0.1])
def test_a_shift_to_either_side_fails_and_says_where_to(shift: float) -> None:
    check = checked(normal(40, seed=1), normal(40, seed=2) + shift, BAND)
    assert check.verdict is Verdict.FAIL
    assert ("up" if shift > 0 else "down") in check.reason
    assert check.unit == "spreads"
    assert check.value == pytest.approx(2, abs=0.5)
    assert check.limit == 0.8


@pytest.mark.parametrize("shift", [0.1, -0.1])
def test_of_one_side_only_the_worse_direction_is_a_fault(shift: float) -> None:
    """Blur is better the lower it is."""
    rules = BAND.replace("spreads: 0.8", "spreads: 0.8, sides: worse")
    check = checked(normal(40, seed=1), normal(40, seed=2) + shift, rules)
    assert check.verdict is (Verdict.FAIL if shift > 0 else Verdict.PASS)
    after = normal(40, seed=2)
    after[:12] += np.sign(shift) * 9
    check = checked(normal(40, seed=1), after, OUTSIDE.replace("at_most", "sides: worse, at_most"))
    assert check.verdict is (Verdict.FAIL if shift > 0 else Verdict.PASS)


def test_reports_say_that_a_shift_is_in_standard_deviations() -> None:
    check = checked(normal(40, seed=1), normal(40, seed=2) + 0.1, BAND)
    assert format_numbers(check)[2].endswith(" sd")
    assert limit_text(check) == "0.8 sd"


def test_equal_clips_are_inside_the_band_without_any_shift() -> None:
    values = normal(40, seed=1)
    check = checked(values, values, BAND)
    assert (check.verdict, check.value, check.upper) == (Verdict.PASS, 0.0, 0.0)


def test_other_clips_of_an_equal_model_pass_or_stay_open_but_do_not_fail() -> None:
    found = [
        checked(normal(96, seed=2 * n), normal(96, seed=2 * n + 1), BAND).verdict
        for n in range(100)
    ]
    assert found.count(Verdict.PASS) >= 90
    assert found.count(Verdict.FAIL) == 0


def test_a_shift_of_the_whole_band_passes_in_one_of_twenty() -> None:
    """The error of the baseline's spread counts too: it is estimated from as many prompts."""
    passed = sum(
        checked(normal(40, seed=2 * n), normal(40, seed=2 * n + 1) + 0.04, BAND).verdict
        is Verdict.PASS
        for n in range(1_000)
    )
    assert passed / 1_000 <= 0.05 + 2 * 0.007


def test_prompts_that_all_have_one_value_give_no_width() -> None:
    flat = np.full(20, 0.3)
    assert checked(flat, flat, BAND).verdict is Verdict.PASS
    check = checked(flat, normal(20, seed=3), BAND)
    assert check.verdict is Verdict.INCONCLUSIVE
    assert "set a margin" in check.reason
    with_margin = BAND.replace("spreads: 0.8", "spreads: 0.8, margin: 0.1")
    assert checked(flat, normal(20, seed=3), with_margin).verdict is Verdict.PASS
    assert checked(flat, flat + 0.2, with_margin).verdict is Verdict.FAIL


def test_a_margin_of_its_own_is_in_the_measures_unit() -> None:
    rules = HEAD + f"metrics: {{{BLUR}: {{band: {{margin: 0.1}}}}}}\n"
    check = checked(normal(40, seed=1), normal(40, seed=2) + 0.02, rules)
    assert (check.verdict, check.unit, check.limit) == (Verdict.PASS, "1", 0.1)


def test_a_band_without_a_width_is_refused_by_name() -> None:
    with pytest.raises(Exception, match="has neither margin nor spreads"):
        policy(HEAD + f"metrics: {{{BLUR}: {{outside: {{at_most: 0.1}}}}}}\n")


def test_three_of_thirty_noise_clips_do_not_pass_though_the_mean_hardly_moves() -> None:
    before, after = normal(30, seed=1), normal(30, seed=2)
    after[:3] = -0.5
    check = checked(before, after, OUTSIDE)
    assert check.verdict is Verdict.INCONCLUSIVE
    assert check.reason.startswith("3 of 30 prompts are away by more than")
    assert [one.prompt for one in check.worst] == ["prompt 0", "prompt 1", "prompt 2"]
    after[:12] = -0.5
    assert checked(before, after, OUTSIDE).verdict is Verdict.FAIL


def test_outliers_of_both_sides_cancel() -> None:
    before, after = normal(60, seed=1), normal(60, seed=2)
    before[:6], after[6:12] = 2.0, 2.0
    check = checked(before, after, OUTSIDE)
    assert check.value == 0.0
    assert check.verdict is not Verdict.FAIL


def test_categories_that_move_together_do_not_pass_more_often_than_promised() -> None:
    """Six prompts in each of eight categories with a correlation of 0.3: 16 % as single prompts."""
    rules = policy(HEAD + f"metrics: {{{BLUR}: {{margin: 0.01}}}}\n")
    random = np.random.default_rng(5)
    passed, told = 0, 0
    for _ in range(600):
        common, own = random.normal(size=8), random.normal(size=48)
        moved = np.sqrt(0.3) * common[np.arange(48) % 8] + np.sqrt(0.7) * own
        after = 0.01 + 0.012 * moved
        found = judged(with_values(np.zeros(48), category=8), with_values(after, category=8), rules)
        passed += found.verdict is Verdict.PASS
        told += "prompts of a category move together" in found.reason
    assert passed / 600 <= 0.05 + 2 * 0.009 + 0.01
    assert told > 400


@given(
    st.lists(st.floats(-10, 10), min_size=8, max_size=30),
    st.floats(0.01, 5),
    st.integers(0, 1000),
)
def test_a_mirrored_clip_set_has_the_mirrored_verdict(
    values: list[float], width: float, seed: int
) -> None:
    rules = HEAD + f"metrics: {{{BLUR}: {{band: {{margin: {width}}}}}}}\n"
    before = np.array(values)
    after = before + np.random.default_rng(seed).normal(0, 1, before.size)
    there, back = checked(before, after, rules), checked(-before, -after, rules)
    assert there.verdict is back.verdict
    assert there.upper == pytest.approx(back.upper)


FLICKER_NR = "flicker_nr_v1"
ABSTENTION = HEAD + f"metrics: {{{FLICKER_NR}: {{margin: 0.5, abstention: {{at_most: 0.2}}}}}}\n"
WHY = "motion can be trusted in 3% of the frame"


def some_without_a_value(*, first: int, last: int) -> tuple[Clip, ...]:
    return tuple(
        replace(clip, values={}, reasons={FLICKER_NR: WHY}) if first <= n < last else clip
        for n, clip in enumerate(clips(prompts=40, base={FLICKER_NR: 0.3}))
    )


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ((0, 4), (2, 6), Verdict.PASS),  # as many on either side, and two on both
        ((0, 0), (0, 20), Verdict.FAIL),
        ((0, 20), (0, 0), Verdict.PASS),
        ((0, 0), (0, 6), Verdict.INCONCLUSIVE),
    ],
)
def test_a_difference_in_abstention_is_a_rule_of_its_own(
    before: tuple[int, int], after: tuple[int, int], verdict: Verdict
) -> None:
    sides = [some_without_a_value(first=first, last=last) for first, last in (before, after)]
    found = judged(sides[0], sides[1], policy(ABSTENTION))
    by_kind = {check.rule.kind.value: check for check in found.checks}
    assert by_kind["abstention"].verdict is verdict
    assert found.verdict is verdict
    assert by_kind["abstention"].n == 40


def test_without_a_rule_on_them_one_sided_abstentions_stay_missing_evidence() -> None:
    rules = policy(ABSTENTION.replace(", abstention: {at_most: 0.2}", ""))
    sides = some_without_a_value(first=0, last=0), some_without_a_value(first=0, last=1)
    found = judged(*sides, rules)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert WHY in found.reason


def test_a_clip_that_cannot_be_decoded_is_no_abstention() -> None:
    whole = some_without_a_value(first=0, last=0)
    broken = replace(whole[0], values={}, reasons={FLICKER_NR: "no frame", "delivery": "no frame"})
    found = judged(whole, (broken, *whole[1:]), policy(ABSTENTION))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "1 clips have no value" in str([check.reason for check in found.checks])


def test_a_metric_that_abstains_on_most_prompts_still_judges_the_others() -> None:
    rules = policy(ABSTENTION.replace("margin: 0.5", "tier: supporting, margin: 0.5, ceiling: 9"))
    sides = [some_without_a_value(first=0, last=30) for _ in range(2)]
    found = judged(sides[0], sides[1], rules)
    (check,) = (check for check in found.checks if check.rule.kind.value == "margin")
    assert (check.verdict, check.n, len(check.abstained)) == (Verdict.PASS, 10, 30)
    worse = tuple(
        replace(clip, values={FLICKER_NR: 3.0}) if clip.values else clip for clip in sides[1]
    )
    assert judged(sides[0], worse, rules).verdict is Verdict.FAIL


def test_a_metric_without_any_value_on_either_side_does_not_block_as_a_supporting_rule() -> None:
    text = ABSTENTION.replace("margin: 0.5", "tier: supporting, margin: 0.5")
    rules = policy(text.replace("metrics: {", f"metrics: {{{BLUR}: {{margin: 0.1}}, "))
    sides = [
        tuple(
            replace(clip, values={BLUR: 0.3}, reasons={FLICKER_NR: WHY})
            for clip in clips(prompts=20, base={})
        )
        for _ in range(2)
    ]
    assert judged(sides[0], sides[1], rules).verdict is Verdict.PASS
    critical = policy(text.replace("tier: supporting, ", ""))
    assert judged(sides[0], sides[1], critical).verdict is Verdict.INCONCLUSIVE


def test_a_pass_on_a_long_tail_says_how_often_such_verdicts_are_wrong() -> None:
    rules = policy(HEAD + f"metrics: {{{BLUR}: {{margin: 1}}}}\n")
    tail = np.random.default_rng(3).lognormal(0, 1, 60) / 20
    with_tail = judged(with_values(np.zeros(60)), with_values(tail), rules)
    without = judged(with_values(np.zeros(60)), with_values(normal(60, seed=1)), rules)
    better = judged(with_values(np.zeros(60)), with_values(-tail), rules)
    assert [one.verdict for one in (with_tail, without, better)] == [Verdict.PASS] * 3
    assert "blur_v1: long tail of bad prompts, with which about 10 of 100" in with_tail.reason
    assert not any("long tail" in one.reason for one in (without, better))


def test_a_rule_on_abstentions_alone_never_passes() -> None:
    """None of the clips has a value, on either side."""
    rules = policy(ABSTENTION.replace("margin: 0.5, ", ""))
    sides = [some_without_a_value(first=0, last=40) for _ in range(2)]
    assert judged(sides[0], sides[1], rules).verdict is Verdict.INCONCLUSIVE
    measured = [some_without_a_value(first=0, last=0) for _ in range(2)]
    assert judged(measured[0], measured[1], rules).verdict is Verdict.INCONCLUSIVE


def test_a_critical_rule_does_not_pass_on_two_measured_prompts_of_forty() -> None:
    sides = [some_without_a_value(first=0, last=38) for _ in range(2)]
    found = judged(sides[0], sides[1], policy(ABSTENTION))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "38 prompts have no value" in found.reason
