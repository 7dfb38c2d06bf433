"""A canary's looks: right however often one looks, on pairs and on groups."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from framegate.quality.gate.evidence.evidence import Clip
from framegate.quality.gate.judging.canary import CanaryResult, judge_canary
from framegate.quality.gate.judging.sequential import (
    boundary,
    sequence_from_groups,
    sequence_from_pairs,
)
from framegate.quality.gate.judging.stats import bounds
from framegate.telemetry.platform.verdict import Verdict
from tests.quality.gate.made_evidence import (
    FLICKER,
    HEAD,
    LPIPS,
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
    rules = policy(HEAD + (text or f"metrics: {{{SSIM}: {{margin: 0.05}}}}"))
    return judge_canary(side(baseline, "old"), side(candidate, "new"), rules.policy)


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
        (clips(), clips(), "metrics: {}", "the policy has no margin"),
        (clips(), clips(), f"metrics: {{{SSIM}: {{floor: 0.1}}}}", "the policy has no margin"),
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


def test_no_failures_in_few_clips_prove_no_rate() -> None:
    text = "metrics: {failed_v1: {margin: 0.05}}"
    few, many = (clips(prompts=n, base={"failed_v1": 0.0}) for n in (20, 600))
    none = [
        tuple(replace(clip, values={"failed_v1": 0.0}) for clip in found) for found in (few, many)
    ]
    assert stands(none[0], of_others(none[0]), text).verdict is Verdict.INCONCLUSIVE
    assert stands(none[1], of_others(none[1]), text).verdict is Verdict.PASS


def test_every_critical_margin_must_hold() -> None:
    text = (
        f"metrics: {{{SSIM}: {{margin: 0.05}}, {LPIPS}: {{margin: 0.0001}}, "
        f"{FLICKER}: {{tier: supporting, relative_margin: 0.5}}}}"
    )
    same = clips(prompts=30)
    assert stands(same, same, text).verdict is Verdict.PASS
    assert stands(same, clips(prompts=30, noise=0.01), text).verdict is Verdict.INCONCLUSIVE
