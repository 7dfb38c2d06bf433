"""The gate's verdicts: what passes, what fails, and all the ways to have no evidence."""

import math
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from framegate.quality.gate.evidence.clip_scoring import task_of
from framegate.quality.gate.evidence.evidence import Clip, Evidence
from framegate.quality.gate.evidence.fingerprint import SAMPLING, scorer_environment
from framegate.quality.gate.evidence.kept_clips import ClipFiles
from framegate.quality.gate.judging.check import Check
from framegate.quality.gate.judging.judge import BudgetDecision, GateResult, judge
from framegate.quality.gate.policy.policy import RuleTier, load_policy
from framegate.telemetry.platform.verdict import Verdict
from tests.quality.gate.made_evidence import (
    FLICKER,
    HEAD,
    HERE,
    LPIPS,
    NOW,
    SSIM,
    THREE,
    altered,
    clips,
    judged,
    policy,
    side,
    without,
)

RUNS = 200


def only(found: GateResult, rule: str) -> Check:
    (check,) = (check for check in found.checks if str(check.rule) == rule)
    return check


def test_an_empty_gate_is_inconclusive() -> None:
    assert judged((), ()).verdict is Verdict.INCONCLUSIVE


def test_equal_scores_pass() -> None:
    found = judged(clips(), clips())
    assert found.verdict is Verdict.PASS
    assert found.reason == (
        "no metric is worse than its margin allows, on 12 prompts; "
        "a fault in up to 22.1% of prompts could have been missed"
    )


@pytest.mark.parametrize("worse", [{SSIM: -0.05}, {LPIPS: 0.1}, {FLICKER: 1.0}])
def test_one_worse_metric_fails_and_is_named(worse: dict[str, float]) -> None:
    found = judged(clips(), clips(shift=worse))
    (metric,) = worse
    assert found.verdict is Verdict.FAIL
    assert found.reason.startswith(metric)


@pytest.mark.parametrize("better", [{SSIM: 0.04}, {LPIPS: -0.04}, {FLICKER: -0.3}])
def test_a_better_candidate_passes(better: dict[str, float]) -> None:
    assert judged(clips(), clips(shift=better)).verdict is Verdict.PASS


TWICE_AS_SLOW = (
    (0.0413, 0.0842),
    (0.0437, 0.0846),
    (0.0489, 0.0726),
    (0.0450, 0.0831),
    (0.0420, 0.0814),
    (0.0411, 0.0744),
    (0.0455, 0.0803),
    (0.0451, 0.0778),
)  # measured seconds a frame; the skew is strong


def test_harm_in_every_prompt_is_seen_among_many_claims() -> None:
    times = policy(THREE + "  frame_time_v1: {relative_margin: 0.3}\n")
    sides = [
        tuple(
            altered((clip,), {"frame_time_v1": pair[which]})[0]
            for clip, pair in zip(clips(prompts=8), TWICE_AS_SLOW, strict=True)
        )
        for which in (0, 1)
    ]
    found = judge(timed(sides[0], "old"), timed(sides[1], "new"), times.policy, at=NOW)
    assert found.verdict is Verdict.FAIL
    assert only(found, "metrics.frame_time_v1.relative_margin").verdict is Verdict.FAIL


def timed(found: tuple[Clip, ...], name: str) -> Evidence:
    return Evidence(name, "a test", {**HERE, "times": "one run"}, found)


def test_harm_that_would_be_shown_alone_says_so() -> None:
    """Half as much again as the margin, in noise such that the p is between 5 % / 3 and 5 %."""
    found = judged(clips(prompts=20), clips(prompts=20, shift={SSIM: -0.015}, noise=0.01, seed=3))
    check = only(found, f"metrics.{SSIM}.margin")
    assert check.harm_p is not None
    assert 0.05 / 3 < check.harm_p < 0.05
    assert (found.verdict, check.verdict) == (Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE)
    assert "not significant at 20 prompts after Holm correction for 3 claims" in check.reason
    assert check.n_needed is not None
    assert check.n_needed > 20


def test_facts_are_no_claims() -> None:
    """A floor is a fact of these clips: it makes no claim less sure."""
    with_floors = THREE.replace("margin: 0.01}", "margin: 0.01, floor: 0.1, ceiling: 9}")
    sides = clips(prompts=20), clips(prompts=20, shift={SSIM: -0.016}, noise=0.008, seed=49)
    plain, more = (judged(*sides, policy(text)) for text in (THREE, with_floors))
    rule = f"metrics.{SSIM}.margin"
    assert only(more, rule) == only(plain, rule)
    assert more.verdict is Verdict.FAIL
    assert len(more.checks) == len(plain.checks) + 2


def test_a_wide_interval_is_inconclusive_and_says_how_many_prompts_it_takes() -> None:
    found = judged(clips(), clips(noise=0.05))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "prompts would decide it" in found.reason


ONE_SIDE = side(clips())

NO_EVIDENCE = {
    "no candidate": judged(clips(), ()),
    "no baseline": judged((), clips()),
    "nothing at all": judged((), ()),
    "an empty policy": judged(clips(), clips(), policy(HEAD + "metrics: {}")),
    "advice only": judged(
        clips(),
        clips(),
        policy(HEAD + "metrics: {ssim_wang_rgb_v1: {tier: advisory, margin: 0.01}}"),
    ),
    "too few prompts": judged(clips(prompts=7), clips(prompts=7)),
    "one prompt": judged(clips(prompts=1), clips(prompts=1)),
    "other prompts": judged(clips(), tuple(replace(clip, key="x" + clip.key) for clip in clips())),
    "no values": judged(clips(), without(clips(), SSIM, reason="HTTP status 404")),
    "a clip that cannot be decoded": judged(
        clips(), without(clips(), SSIM, reason="clip.mp4: no picture in it", only=3)
    ),
    "a clip that cannot be decoded in the baseline": judged(
        without(clips(), SSIM, reason="clip.mp4: no picture in it", only=3), clips()
    ),
    "a NaN": judged(clips(), altered(clips(), {SSIM: math.nan}, only=(2,))),
    "an infinite value": judged(altered(clips(), {LPIPS: math.inf}, only=(2,)), clips()),
    "another metric's id": judged(
        clips(base={"ssim_ffmpeg_v1": 0.95}), clips(base={"ssim_ffmpeg_v1": 0.95})
    ),
    "a metric missing": judged(clips(), without(clips(), LPIPS)),
    "a metric missing on both sides": judged(without(clips(), LPIPS), without(clips(), LPIPS)),
    "a fifth of the prompts missing": judged(clips(prompts=15), clips(prompts=12)),
    "more prompts on the candidate": judged(clips(prompts=12), clips(prompts=15)),
    "made elsewhere": judge(
        side(clips()),
        replace(side(clips()), environment={**HERE, "host": "there"}),
        policy().policy,
        at=NOW,
    ),
    "made nobody knows where": judge(
        side(clips()), replace(side(clips()), environment={}), policy().policy, at=NOW
    ),
    "a place that one side does not tell": judge(
        side(clips()),
        replace(side(clips()), environment={**HERE, "driver": "550"}),
        policy().policy,
        at=NOW,
    ),
    "one side twice": judge(ONE_SIDE, ONE_SIDE, policy().policy, at=NOW),
    "a category of one prompt": judged(
        clips(),
        clips(),
        policy(
            HEAD
            + "metrics: {ssim_wang_rgb_v1: {margin: 0.01, categories: {margin: 0.1, "
            + "minimum_prompts: 5}}}"
        ),
    ),
    "fewer prompts than the worst ones": judged(
        clips(),
        clips(),
        policy(HEAD + "metrics: {ssim_wang_rgb_v1: {worst: {prompts: 13, margin: 0.1}}}"),
    ),
    "too few prompts to bound a share": judged(
        clips(),
        clips(),
        policy(HEAD + "metrics: {ssim_wang_rgb_v1: {broken: {worse_by: 0.1, at_most: 0.05}}}"),
    ),
    "a share of nothing": judged(
        altered(clips(), {LPIPS: 0.0}),
        altered(clips(), {LPIPS: 0.0}),
        policy(HEAD + "metrics: {lpips_alex_v0.1: {relative_margin: 0.1}}"),
    ),
    "a ceiling without a value": judged(
        clips(), clips(), policy(HEAD + "metrics: {flash_risk_v1: {ceiling: 3}}")
    ),
    "a budget that nobody asked for": judged(
        clips(),
        clips(),
        policy(HEAD + "metrics: {ssim_wang_rgb_v1: {margin: 0.01}}\nerror_budget: {}"),
    ),
    "a budget that nobody knows": judged(
        clips(),
        clips(),
        policy(HEAD + "metrics: {ssim_wang_rgb_v1: {margin: 0.01}}\nerror_budget: {}"),
        budget=BudgetDecision(Verdict.INCONCLUSIVE, "the engine's clock stands"),
    ),
}


@pytest.mark.parametrize("case", NO_EVIDENCE)
def test_missing_evidence_is_never_a_pass(case: str) -> None:
    found = NO_EVIDENCE[case]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason


def test_there_are_many_ways_to_have_no_evidence() -> None:
    assert len(NO_EVIDENCE) >= 15


def test_what_is_missing_is_named() -> None:
    reason = NO_EVIDENCE["a clip that cannot be decoded"].reason
    assert "prompt 3 (candidate: clip.mp4: no picture in it)" in reason
    assert "host (here and there)" in NO_EVIDENCE["made elsewhere"].reason
    assert (
        "12 prompts measured on both sides, 13 needed"
        in NO_EVIDENCE["fewer prompts than the worst ones"].reason
    )


def test_harm_in_one_metric_fails_beside_missing_evidence_in_another() -> None:
    assert judged(clips(), without(clips(shift={SSIM: -0.1}), LPIPS)).verdict is Verdict.FAIL


def test_no_harm_is_claimed_of_a_model_that_was_made_elsewhere() -> None:
    elsewhere = replace(side(clips(shift={SSIM: -0.5})), environment={**HERE, "host": "there"})
    assert judge(side(), elsewhere, policy().policy, at=NOW).verdict is Verdict.INCONCLUSIVE


def test_a_policy_may_let_the_environment_differ() -> None:
    rules = policy(
        HEAD
        + "metrics: {ssim_wang_rgb_v1: {margin: 0.01}}\nenvironment: {may_differ: [scorer.cpu]}"
    )
    one, other = (
        replace(side(), environment={"scorer.cpu.name": name, "model.weights": name})
        for name in ("one", "other")
    )
    assert judge(one, other, rules.policy, at=NOW).verdict is Verdict.PASS


def test_missing_prompts_are_listed() -> None:
    found = judged(clips(prompts=12), clips(prompts=11))
    assert only(found, f"metrics.{SSIM}.margin").missing == ("prompt 11 (candidate)",)


def test_the_worst_prompts_come_first() -> None:
    found = judged(clips(), altered(clips(), {SSIM: 0.2}, only=(0,)))
    worst = only(found, f"metrics.{SSIM}.margin").worst[0]
    assert worst.prompt == "prompt 0"
    assert worst.worse_by == pytest.approx(0.95 - 0.2)


def test_order_never_matters() -> None:
    candidate = clips(shift={SSIM: -0.009}, noise=0.003)
    shuffled = list(candidate)
    random.Random(3).shuffle(shuffled)
    assert judged(clips(), candidate).checks == judged(clips(), tuple(shuffled)).checks


def test_equal_models_seldom_fail() -> None:
    fails = sum(
        judged(clips(noise=0.02, seed=n), clips(noise=0.02, seed=1000 + n)).verdict is Verdict.FAIL
        for n in range(200)
    )
    assert fails <= 10


def test_all_seeds_of_a_prompt_count_as_one() -> None:
    first = clips()
    second = tuple(replace(clip, key=f"{clip.key}-again") for clip in first)
    found = judged(first + second, first + second)
    assert only(found, f"metrics.{SSIM}.margin").n == 12


def test_clips_of_one_prompt_and_seed_are_averaged() -> None:
    found = judged(clips(), clips(shift={SSIM: 0.01}) + clips(shift={SSIM: -0.01}))
    assert only(found, f"metrics.{SSIM}.margin").value == pytest.approx(0)


SSIM_ONLY = HEAD + "metrics:\n  ssim_wang_rgb_v1: "


@pytest.mark.parametrize(
    ("rule", "candidate", "verdict"),
    [
        ("{relative_margin: 0.02}", clips(shift={SSIM: -0.01}), Verdict.PASS),
        ("{relative_margin: 0.02}", clips(shift={SSIM: -0.05}), Verdict.FAIL),
        ("{relative_margin: 0.02}", clips(shift={SSIM: -0.02}, noise=0.02), Verdict.INCONCLUSIVE),
        ("{floor: 0.9}", clips(), Verdict.PASS),
        ("{floor: 0.9}", altered(clips(), {SSIM: 0.89}, only=(4,)), Verdict.FAIL),
        ("{ceiling: 1.1}", clips(), Verdict.PASS),
        ("{ceiling: 1.05}", clips(), Verdict.FAIL),
        ("{worst: {prompts: 2, margin: 0.1}}", clips(shift={SSIM: -0.05}), Verdict.PASS),
        (
            "{worst: {prompts: 2, margin: 0.1}}",
            altered(clips(), {SSIM: 0.7}, only=(4,)),
            Verdict.INCONCLUSIVE,
        ),
        ("{broken: {worse_by: 0.1, at_most: 0.3}}", clips(), Verdict.PASS),
        (
            "{broken: {worse_by: 0.1, at_most: 0.3}}",
            altered(clips(), {SSIM: 0.5}, only=tuple(range(8))),
            Verdict.FAIL,
        ),
        (
            "{broken: {worse_by: 0.1, at_most: 0.3}}",
            altered(clips(), {SSIM: 0.5}, only=(1, 2)),
            Verdict.INCONCLUSIVE,
        ),
        (
            "{broken: {worse_by: 0.1, at_most: 0.3}}",
            altered(altered(clips(), {SSIM: 0.5}, only=(1, 2, 3)), {SSIM: 1.5}, only=(4, 5, 6)),
            Verdict.INCONCLUSIVE,
        ),
        ("{categories: {margin: 0.02}, margin: 1}", clips(), Verdict.PASS),
        (
            "{categories: {margin: 0.02}, margin: 1}",
            altered(clips(), {SSIM: 0.5}, only=(1, 4, 7, 10)),
            Verdict.FAIL,
        ),
    ],
)
def test_each_kind_of_rule(rule: str, candidate: tuple[object, ...], verdict: Verdict) -> None:
    found = judged(clips(), candidate, policy(SSIM_ONLY + rule))  # type: ignore[arg-type]
    assert found.verdict is verdict, found.reason


def test_a_broken_category_is_named() -> None:
    rules = policy(SSIM_ONLY + "{categories: {margin: 0.02}, margin: 1}")
    found = judged(clips(), altered(clips(), {SSIM: 0.5}, only=(1, 4, 7, 10)), rules)
    assert found.reason.startswith(f"{SSIM}.categories.b: ")


def test_a_few_broken_prompts_pass_the_mean_and_not_the_guard() -> None:
    candidate = altered(clips(prompts=40), {SSIM: 0.6}, only=(5,))
    mean_only, guarded = (
        judged(clips(prompts=40), candidate, policy(SSIM_ONLY + rule)).verdict
        for rule in ("{margin: 0.1}", "{margin: 0.1, worst: {prompts: 1, margin: 0.2}}")
    )
    assert (mean_only, guarded) == (Verdict.PASS, Verdict.INCONCLUSIVE)


SEEDS = 3
WORST = policy(SSIM_ONLY + "{margin: 1, worst: {prompts: 2, margin: 0.1}}")


def with_seeds(*, noise: float, seed: int, broken: tuple[int, ...] = ()) -> tuple[Clip, ...]:
    """Twenty prompts of three seeds each; broken prompts are bad with every seed."""
    source = np.random.default_rng(seed)
    return tuple(
        replace(
            one,
            key=f"{one.key} {number}",
            seed=number,
            values={SSIM: one.values[SSIM] + noise * source.normal() - 0.4 * (n in broken)},
            delivery=None,
        )
        for n, one in enumerate(clips(prompts=20))
        for number in range(SEEDS)
    )


def test_the_worst_prompts_show_harm_against_the_noise_of_seeds() -> None:
    old = with_seeds(noise=0.01, seed=1)
    found = judged(old, with_seeds(noise=0.01, seed=2, broken=(3, 8)), WORST)
    check = only(found, f"metrics.{SSIM}.worst")
    assert found.verdict is Verdict.FAIL
    assert check.harm_p is not None
    assert check.harm_p < 0.001
    assert "the worst prompts are worse by 0.39 on average, margin 0.1" in found.reason


def test_the_worst_prompts_of_equal_models_show_none_however_far_apart() -> None:
    verdicts = []
    for seed in range(40):
        old, new = (with_seeds(noise=0.2, seed=2 * seed + side) for side in (0, 1))
        found = judged(old, new, WORST)
        verdicts.append(found.verdict)
        (check,) = (one for one in found.checks if str(one.rule).endswith(".worst"))
        assert check.value is not None
        assert check.value > 0.1  # beyond the margin, by noise alone
    assert verdicts.count(Verdict.FAIL) <= 4  # 5 % of 40, and chance
    assert verdicts.count(Verdict.PASS) == 0


def test_without_seeds_the_worst_prompts_blame_nobody() -> None:
    found = judged(clips(), altered(clips(), {SSIM: 0.1}, only=(4,)), WORST)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "known only with several seeds of a prompt" in found.reason


@pytest.mark.parametrize(
    ("tier", "harm", "noise", "verdict"),
    [
        ("supporting", 0.0, 0.3, Verdict.PASS),
        ("supporting", 1.0, 0.0, Verdict.FAIL),
        ("critical", 0.0, 0.3, Verdict.INCONCLUSIVE),
        ("advisory", 1.0, 0.0, Verdict.PASS),
    ],
)
def test_tiers(tier: str, harm: float, noise: float, verdict: Verdict) -> None:
    rules = policy(
        HEAD
        + f"metrics: {{ssim_wang_rgb_v1: {{margin: 1}}, lpips_alex_v0.1: {{tier: {tier}, "
        + "margin: 0.1}}"
    )
    candidate = clips(shift={LPIPS: harm}, noise=noise, seed=1)
    assert judged(clips(), candidate, rules).verdict is verdict


def test_supporting_rules_need_evidence_too() -> None:
    rules = policy(
        HEAD + "metrics: {ssim_wang_rgb_v1: {margin: 1}, ttfp_v1: {tier: supporting, margin: 0.1}}"
    )
    assert judged(clips(), clips(), rules).verdict is Verdict.INCONCLUSIVE


def test_heavy_prompts_weigh_more() -> None:
    heavy = tuple(replace(clip, weight=9.0 if n == 0 else 1.0) for n, clip in enumerate(clips()))
    found = judged(heavy, altered(heavy, {SSIM: 0.85}, only=(0,)))
    assert only(found, f"metrics.{SSIM}.margin").value == pytest.approx(0.1 * 9 / 20)


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [(Verdict.PASS, Verdict.PASS), (Verdict.FAIL, Verdict.FAIL)],
)
def test_the_error_budget_has_a_say(verdict: Verdict, expected: Verdict) -> None:
    rules = policy(HEAD + "metrics: {ssim_wang_rgb_v1: {margin: 0.01}}\nerror_budget: {}")
    found = judged(clips(), clips(), rules, budget=BudgetDecision(verdict, "12 % are left"))
    assert found.verdict is expected


def test_our_own_policies_ask_for_critical_things() -> None:
    rules = load_policy().policy.metrics
    assert sum(rule.tier is RuleTier.CRITICAL for rule in rules.values()) >= 5


def sampled(environment: Mapping[str, str]) -> GateResult:
    """A candidate scored here with one LPIPS frame in two, against a baseline from elsewhere."""
    baseline = replace(side(clips(), "old"), environment=environment)
    candidate = replace(side(clips(), "new"), environment=scorer_environment(lpips_every=2))
    return judge(baseline, candidate, policy().policy, at=NOW)


def test_sides_whose_lpips_took_different_frames_are_inconclusive_by_name() -> None:
    found = sampled(scorer_environment(lpips_every=8))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "scorer.lpips_every (8 and 2)" in found.reason


def test_a_record_from_before_the_sampling_was_recorded_took_one_frame_in_two() -> None:
    before = {name: text for name, text in scorer_environment().items() if name != SAMPLING}
    assert sampled(before).verdict is Verdict.PASS


def test_a_scorer_samples_as_its_environment_says() -> None:
    clip = ClipFiles(Clip("key", "unit", "prompt"), Path("clip.mp4"), Path("reference.mp4"))
    assert str(task_of(clip, [LPIPS]).lpips_every) == scorer_environment()[SAMPLING]


SHARE = "tolerated_broken_share: 0.35\n"


@pytest.mark.parametrize(
    ("share", "prompts", "verdict"),
    [
        ("", 28, Verdict.INCONCLUSIVE),
        ("", 29, Verdict.PASS),
        ("tolerated_broken_share: 0.05\n", 58, Verdict.INCONCLUSIVE),
        ("tolerated_broken_share: 0.05\n", 59, Verdict.PASS),
    ],
)
def test_a_pass_takes_enough_prompts_to_see_a_rare_fault(
    share: str, prompts: int, verdict: Verdict
) -> None:
    rules = policy(THREE.replace(SHARE, share))
    found = judged(clips(prompts=prompts), clips(prompts=prompts), rules)
    assert found.verdict is verdict, found.reason
    needed = {"": 29}.get(share, 59)
    check = only(found, "tolerated_broken_share")
    assert (check.n, check.n_needed) == (prompts, needed)
    if verdict is Verdict.INCONCLUSIVE:
        assert (
            f"{needed} prompts are needed for {0.1 if needed == 29 else 0.05:.0%}" in found.reason
        )


def test_harm_is_shown_with_fewer_prompts_than_a_pass_takes() -> None:
    found = judged(clips(), clips(shift={SSIM: -0.1}), policy(THREE.replace(SHARE, "")))
    assert found.verdict is Verdict.FAIL


def test_a_fault_of_one_prompt_in_ten_passes_as_seldom_as_is_said() -> None:
    """Means of few prompts let it pass far more often: nothing is worse where it did not occur."""
    random = np.random.default_rng(4)
    passed = {20: 0, 29: 0}
    for _ in range(RUNS):
        for prompts in passed:
            whole = clips(prompts=prompts, noise=0.001, seed=int(random.integers(2**31)))
            places = tuple(map(int, np.flatnonzero(random.random(prompts) < 0.1)))
            broken = altered(whole, {SSIM: 0.05}, only=places)
            rules = policy(
                f"{HEAD.replace(SHARE, '')}metrics: {{{SSIM}: {{margin: 0.01}}}}"
                if prompts == 29
                else f"{HEAD}metrics: {{{SSIM}: {{margin: 0.01}}}}"
            )
            passed[prompts] += judged(clips(prompts=prompts), broken, rules).verdict is Verdict.PASS
    assert passed[29] / RUNS <= 0.08  # 0.9 ** 29 = 4.7 %, and chance
    assert passed[20] / RUNS > 0.08  # 0.9 ** 20 = 12 %, which a policy has to ask for


STILL = "no motion to follow"


def abstaining(found: tuple[Clip, ...], *places: int) -> tuple[Clip, ...]:
    """Clips on which a metric abstains."""
    for place in places:
        found = without(found, SSIM, reason=STILL, only=place)
    return found


def test_what_both_sides_abstain_on_is_left_out_and_counted() -> None:
    found = judged(abstaining(clips(), 1, 4), abstaining(clips(), 1, 4))
    check = only(found, f"metrics.{SSIM}.margin")
    assert found.verdict is Verdict.PASS, found.reason
    assert check.n == 10
    assert check.abstained == (f"prompt 1 ({STILL})", f"prompt 4 ({STILL})")
    assert check.missing == ()
    harm = judged(abstaining(clips(), 1, 4), abstaining(clips(shift={SSIM: -0.1}), 1, 4))
    assert harm.verdict is Verdict.FAIL


def test_abstaining_on_one_side_alone_is_no_pass() -> None:
    one = judged(clips(), abstaining(clips(), 4))
    assert one.verdict is Verdict.INCONCLUSIVE
    assert f"1 clips have no value: prompt 4 (candidate: {STILL})" in one.reason
    assert judged(abstaining(clips(), 4), clips()).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("reason", ["nan is not finite", STILL])
def test_a_value_that_is_no_number_is_no_abstention(reason: str) -> None:
    old, new = (without(clips(), SSIM, reason=reason, only=4) for _ in range(2))
    expected = Verdict.PASS if reason == STILL else Verdict.INCONCLUSIVE
    assert judged(old, new).verdict is expected


def test_a_metric_that_abstains_everywhere_shows_nothing() -> None:
    every = tuple(range(12))
    found = judged(abstaining(clips(), *every), abstaining(clips(), *every))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "12 prompts have no value on either side" in found.reason


def test_a_few_measured_prompts_do_not_speak_for_many_abstentions() -> None:
    most, half = tuple(range(7)), tuple(range(6))
    found = judged(abstaining(clips(), *most), abstaining(clips(), *most))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "7 prompts have no value on either side" in found.reason
    assert judged(abstaining(clips(), *half), abstaining(clips(), *half)).verdict is Verdict.PASS


def test_a_seed_that_is_left_out_leaves_the_prompts_other_seeds() -> None:
    old, new = with_seeds(noise=0.0, seed=1), with_seeds(noise=0.0, seed=2)
    found = judged(abstaining(old, 0), abstaining(new, 0), WORST)
    check = only(found, f"metrics.{SSIM}.worst")
    assert (check.n, check.abstained) == (20, ())
    assert found.verdict is Verdict.PASS
