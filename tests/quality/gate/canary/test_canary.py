"""A canary's looks: right however often one looks, on pairs and on groups."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from framegate.quality.gate.canary.canary import judge_canary
from framegate.quality.gate.canary.canary_result import CanaryResult
from framegate.quality.gate.canary.sequential import (
    boundary,
    mean_bounds,
    sequence_from_groups,
    sequence_from_pairs,
)
from framegate.quality.gate.evidence.evidence import Clip
from framegate.quality.gate.judging.stats import bounds
from framegate.telemetry.platform.verdict import Verdict
from tests.quality.gate.made_evidence import (
    HEAD,
    SSIM,
    clips,
    policy,
    side,
    without,
)

LOOKS = (20, 25, 30, 40, 50, 65, 80, 100, 130, 160, 200, 250, 300)
RUNS = 400

Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]
SHAPES: dict[str, Draw] = {
    "normal": lambda random, n: random.normal(0, 1, n),
    "a tail of bad ones": lambda random, n: 1 - random.exponential(1, n),
    "a tail of good ones": lambda random, n: random.exponential(1, n) - 1,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_many_looks_at_pairs_are_wrong_as_seldom_as_one(shape: str) -> None:
    random = np.random.default_rng(7)
    wrong = {"above": 0, "below": 0, "looked at again and again": 0}
    for _ in range(RUNS):
        values = SHAPES[shape](random, LOOKS[-1])
        found = [sequence_from_pairs(values[:n]) for n in LOOKS]
        wrong["above"] += any(one.lower() > 0 for one in found)
        wrong["below"] += any(one.upper() < 0 for one in found)
        plain = [bounds(values[:n]) for n in LOOKS]
        wrong["looked at again and again"] += any(low > 0 or high < 0 for low, high in plain)
    assert wrong["above"] / RUNS <= 0.05
    assert wrong["below"] / RUNS <= 0.05
    assert wrong["looked at again and again"] / RUNS > 0.15


@pytest.mark.parametrize("shape", SHAPES)
def test_many_looks_at_groups_are_wrong_as_seldom_as_one(shape: str) -> None:
    random = np.random.default_rng(8)
    wrong = {"above": 0, "below": 0}
    for _ in range(RUNS):
        values = SHAPES[shape](random, 5 * LOOKS[-1])
        canary = random.random(values.size) < 0.2
        found = [
            sequence_from_groups(
                values[: 5 * n][~canary[: 5 * n]], values[: 5 * n][canary[: 5 * n]]
            )
            for n in LOOKS
        ]
        wrong["above"] += any(one.lower() > 0 for one in found)
        wrong["below"] += any(one.upper() < 0 for one in found)
    assert wrong["above"] / RUNS <= 0.05
    assert wrong["below"] / RUNS <= 0.05


def test_bounds_come_closer_with_more_values() -> None:
    assert boundary(2, alpha=0.05) > boundary(20, alpha=0.05) > boundary(200, alpha=0.05) > 0
    assert boundary(1, alpha=0.05) == float("inf")


def test_the_mean_of_groups_is_the_difference_of_their_means() -> None:
    one, other = np.array([1.0, 2.0, 3.0, 6.0]), np.array([5.0, 7.0])
    found = sequence_from_groups(one, other)
    assert found.mean == pytest.approx(3.0)
    n = found.values.size
    expected = n * (one.var() / 4 + other.var() / 2)
    assert found.values.var() == pytest.approx(expected)


def stands(
    baseline: tuple[Clip, ...], candidate: tuple[Clip, ...], text: str | None = None
) -> CanaryResult:
    """The verdict on scores alone, without word of what was delivered."""
    rules = policy(HEAD + (text or f"metrics: {{{SSIM}: {{margin: 0.05}}}}"))
    sides = (tuple(replace(one, delivery=None) for one in clips) for clips in (baseline, candidate))
    before, after = sides
    return judge_canary(side(before, "old"), side(after, "new"), rules.policy)


def of_others(found: tuple[Clip, ...]) -> tuple[Clip, ...]:
    """The same values from other prompts."""
    return tuple(replace(clip, key=f"other {clip.key}") for clip in found)


def test_pairs_are_compared_where_there_are_some() -> None:
    found = stands(clips(prompts=30), clips(prompts=30, shift={SSIM: -0.1}))
    assert found.verdict is Verdict.FAIL
    assert found.looks[0].paired


def test_groups_are_compared_where_there_are_none() -> None:
    many = clips(prompts=40, noise=0.01, base={SSIM: 0.0})
    same = stands(many, of_others(many), f"metrics: {{{SSIM}: {{margin: 0.2}}}}")
    worse = clips(prompts=40, noise=0.01, base={SSIM: -0.6})
    harm = stands(many, of_others(worse), f"metrics: {{{SSIM}: {{margin: 0.2}}}}")
    assert not same.looks[0].paired
    assert (same.verdict, harm.verdict) == (Verdict.PASS, Verdict.FAIL)


@pytest.mark.parametrize(
    ("baseline", "candidate", "text", "said"),
    [
        ((), (), None, "0 and 0 prompts, 8 needed"),
        (clips(), (), None, "12 and 0 prompts"),
        (clips(), clips(prompts=7), None, "12 and 7 prompts"),
        (clips(), clips(), "metrics: {}", "the policy has no rule"),
        (clips(), clips(prompts=7), f"metrics: {{{SSIM}: {{floor: 0.1}}}}", "7 prompts of the"),
        (
            clips(),
            (),
            f"metrics: {{{SSIM}: {{floor: 0.1}}}}",
            "no clip of the candidate has a value",
        ),
        (clips(prompts=30), without(clips(prompts=30), SSIM), None, "30 and 0 prompts"),
        (clips(prompts=30), clips(prompts=30, noise=0.3), None, "not enough data yet"),
        (
            clips(prompts=30),
            without(clips(prompts=30), SSIM, reason="gone", only=1)[:9],
            None,
            "11% of the candidate's clips have no value",
        ),
    ],
)
def test_too_little_is_never_a_pass(
    baseline: tuple[Clip, ...], candidate: tuple[Clip, ...], text: str | None, said: str
) -> None:
    found = stands(baseline, candidate, text)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert said in found.reason


FAILURES = "metrics: {failed_v1: {margin: 0.05}}"


def jobs(count: int, *, failed: int = 0, first: int = 0) -> tuple[Clip, ...]:
    """Jobs that were delivered, the last ``failed`` of them not."""
    good = first + count - failed
    return tuple(
        Clip(
            f"p{n}",
            f"p{n}",
            f"prompt {n}",
            values={"failed_v1": float(n >= good)},
        )
        for n in range(first, first + count)
    )


def test_no_failures_in_few_clips_prove_no_rate() -> None:
    for n in (20, 100, 120):
        expected = Verdict.PASS if n == 120 else Verdict.INCONCLUSIVE
        assert stands(jobs(n), jobs(n), FAILURES).verdict is expected
        assert stands(jobs(n), jobs(n, first=1000), FAILURES).verdict is expected


def test_a_canary_that_fails_most_jobs_fails() -> None:
    """Ten clips of either side are equal; four hundred jobs of the canary made none."""
    good = clips(prompts=10, base={SSIM: 0.95, "failed_v1": 0.0})
    good = tuple(replace(one, values={**one.values, "failed_v1": 0.0}) for one in good)
    found = stands(good, (*good, *jobs(400, failed=400, first=1000)), live_metrics())
    assert found.verdict is Verdict.FAIL
    assert found.reason.startswith("failed_v1.margin: 0.976 worse")
    (ssim,) = [look for look in found.looks if look.rule.metric == SSIM]
    assert ssim.verdict is Verdict.INCONCLUSIVE
    assert "98% of the candidate's clips have no value, 0% of the baseline's" in ssim.reason


def live_metrics() -> str:
    return f"metrics: {{{SSIM}: {{margin: 0.05}}, failed_v1: {{margin: 0.05}}}}"


def test_a_canary_whose_jobs_hang_does_not_pass() -> None:
    good = tuple(
        replace(one, values={**one.values, "failed_v1": 0.0}) for one in clips(prompts=150)
    )
    hanging = tuple(Clip(f"h{n}", f"h{n}", f"prompt h{n}") for n in range(400))
    found = stands(good, (*good, *hanging), live_metrics())
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "73% of the candidate's clips have no value" in found.reason
    assert stands(good, good, live_metrics()).verdict is Verdict.PASS


def test_a_sample_of_scores_on_both_sides_is_no_missing_evidence() -> None:
    some = tuple(
        replace(one, values={"failed_v1": 0.0, **(one.values if n % 5 == 0 else {})})
        for n, one in enumerate(clips(prompts=300))
    )
    assert stands(some, some, live_metrics()).verdict is Verdict.PASS


def test_one_model_on_both_sides_is_no_comparison() -> None:
    rules = policy(HEAD + live_metrics()).policy
    some = side(clips(prompts=200), "ref-1")
    found = judge_canary(some, replace(some, clips=clips(prompts=210)), rules)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason == "baseline and candidate are the same model: ref-1"


@pytest.mark.parametrize(
    ("rule", "bad", "said"),
    [
        ("ceiling: 3", 4.0, "a clip has 4, the ceiling is 3"),
        ("floor: 0.2", 0.1, "a clip has 0.1, the floor is 0.2"),
    ],
)
def test_a_limit_is_watched(rule: str, bad: float, said: str) -> None:
    text = f"metrics: {{flash_risk_v1: {{{rule}}}}}"
    fine = clips(prompts=12, base={"flash_risk_v1": 1.0})
    worse = tuple(
        replace(one, values={"flash_risk_v1": bad}) if n == 5 else one for n, one in enumerate(fine)
    )
    assert stands(fine, fine, text).verdict is Verdict.PASS
    found = stands(fine, worse, text)
    assert (found.verdict, said in found.reason) == (Verdict.FAIL, True)


def test_the_share_of_broken_prompts_is_watched_in_pairs() -> None:
    text = f"metrics: {{{SSIM}: {{broken: {{worse_by: 0.3, at_most: 0.1}}}}}}"

    def broken(prompts: int, share: float) -> tuple[Clip, ...]:
        found = clips(prompts=prompts)
        return tuple(
            replace(one, values={SSIM: one.values[SSIM] - 0.9}) if n < share * prompts else one
            for n, one in enumerate(found)
        )

    few = stands(clips(prompts=20), clips(prompts=20), text)
    whole = stands(clips(prompts=60), clips(prompts=60), text)
    harm = stands(clips(prompts=60), broken(60, 0.6), text)
    apart = stands(clips(prompts=60), of_others(clips(prompts=60)), text)
    assert few.verdict is Verdict.INCONCLUSIVE
    assert (whole.verdict, harm.verdict) == (Verdict.PASS, Verdict.FAIL)
    assert apart.verdict is Verdict.INCONCLUSIVE
    assert "needs prompts that both versions made" in apart.reason


def test_a_pass_rests_on_the_pairs_not_on_all_of_the_candidates_prompts() -> None:
    """Twenty-five of thirty prompts are pairs, and the tolerated share takes twenty-nine."""
    rules = policy(
        f"{HEAD.replace('tolerated_broken_share: 0.35', 'tolerated_broken_share: 0.1')}"
        f"metrics: {{{SSIM}: {{margin: 0.05}}}}"
    ).policy
    pairs = clips(prompts=25)
    candidate = (*clips(prompts=25), *of_others(clips(prompts=5)))
    found = judge_canary(side(pairs, "old"), side(candidate, "new"), rules)
    assert found.looks[0].paired
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "25 prompts examined, 29 needed" in found.reason


@pytest.mark.parametrize("rule", ["worst: {prompts: 2, margin: 0.1}", "categories: {margin: 0.1}"])
def test_a_rule_that_cannot_be_judged_at_any_time_is_refused_by_name(rule: str) -> None:
    found = stands(clips(prompts=60), clips(prompts=60), f"metrics: {{{SSIM}: {{{rule}}}}}")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "is not judged in a canary; use margin or broken" in found.reason


@pytest.mark.parametrize("rate", [0.0, 0.02, 0.2, 0.5])
def test_bounds_of_a_rate_hold_at_all_looks_together(rate: float) -> None:
    random = np.random.default_rng(9)
    wrong = 0
    for _ in range(RUNS):
        ones = (random.random(LOOKS[-1]) < rate).cumsum()
        found = [mean_bounds(float(ones[n - 1]), n, alpha=0.05) for n in (1, 2, 5, *LOOKS)]
        wrong += any(not low <= rate <= high for low, high in found)
    assert wrong / RUNS <= 0.05


def test_bounds_of_a_mean_in_0_to_1_hold_at_all_looks_together() -> None:
    """Prompts that were asked for several times fail in part."""
    random = np.random.default_rng(10)
    wrong = 0
    for _ in range(RUNS):
        sums = random.beta(0.2, 1.8, LOOKS[-1]).cumsum()
        found = [mean_bounds(float(sums[n - 1]), n, alpha=0.05) for n in LOOKS]
        wrong += any(not low <= 0.1 <= high for low, high in found)
    assert wrong / RUNS <= 0.05


def test_bounds_of_a_mean_close_in_on_it() -> None:
    assert mean_bounds(0.0, 0, alpha=0.05) == (0.0, 1.0)
    for n in (10, 100, 1000):
        low, high = mean_bounds(0.3 * n, n, alpha=0.05)
        assert low < 0.3 < high
    assert high - low < 0.15
    assert mean_bounds(5.0, 5, alpha=0.05)[1] == 1.0


def test_a_pass_on_a_long_tail_says_how_often_such_verdicts_are_wrong() -> None:
    tail = np.random.default_rng(3).lognormal(0, 1, 60) / 2_000
    before = clips(prompts=60)
    after = tuple(
        replace(clip, values={**clip.values, SSIM: clip.values[SSIM] - float(moved)})
        for clip, moved in zip(before, tail, strict=True)
    )
    found = stands(before, after, f"metrics: {{{SSIM}: {{margin: 0.01}}}}")
    assert found.verdict is Verdict.PASS
    assert "ssim_wang_rgb_v1: long tail of bad prompts" in found.reason


def test_frames_of_the_stable_version_show_nothing_of_a_canary() -> None:
    same = clips(prompts=60)
    rules = policy(HEAD + f"metrics: {{{SSIM}: {{margin: 0.05}}}}").policy
    found = judge_canary(side(same, "old"), side(same, "new"), rules)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "60 of 60 clips show the same frames as the baseline's" in found.reason
    others = judge_canary(side(same, "old"), side(clips(prompts=60), "new"), rules)
    assert others.verdict is Verdict.PASS
