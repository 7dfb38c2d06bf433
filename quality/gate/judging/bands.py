"""Two-sided rules, where both too much and too little are faults: ``band`` and ``outside``.

White noise is sharper than any video, and a still picture flickers less: a measure such as blur or
motion has no better direction. What is right is what the baseline's clips show, and the baseline's
own spread over its prompts says how far clips may differ at all.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from framegate.quality.gate.evidence.pairing import Pairing
from framegate.quality.gate.judging.check import (
    WORST_KEPT,
    Check,
    PromptHarm,
    blank_check,
    check_net_share,
    prompts_to_decide,
    with_too_few_prompts,
)
from framegate.quality.gate.judging.mean_test import MeanTest, mean_test, tail_note
from framegate.quality.gate.judging.shares import NetShare
from framegate.quality.gate.judging.stats import linearize_weighted_mean, n_needed, ratio_bounds
from framegate.quality.gate.policy.policy import BandRule, OutsideShareRule, RuleTier
from framegate.quality.gate.policy.rule_ref import RuleKind
from framegate.telemetry.platform.verdict import Verdict

NORMAL_QUARTILES = 1.349  # standard deviations between the quartiles of a normal distribution
WORSE = "worse"  # in a policy: only one side of the band is a fault
SPREADS = "spreads"  # the unit of a shift in standard deviations of the baseline's prompts

Values = NDArray[np.float64]


def check_band(tier: RuleTier, pairing: Pairing, rule: BandRule) -> Check:
    """PASS where the bounds of the mean's shift are inside the band (two one-sided tests)."""
    check = blank_check(tier, pairing, RuleKind.BAND, rule.margin)
    if len(pairing.pairs) < 2:
        return with_too_few_prompts(check, pairing)
    moved = linearize_weighted_mean(raw_differences(pairing), pairing.weights())
    spreads = baseline_spreads(pairing)
    if not spreads.mean() and rule.margin is None:
        return check_without_spread(check, moved)
    wide = is_wider_in_spreads(rule, float(spreads.mean()))
    limit = rule.spreads if wide else rule.margin
    assert limit is not None
    base, sign = spreads if wide else np.ones_like(spreads), band_direction(pairing, rule, moved)
    test = mean_test(moved, pairing.categories())
    try:
        lower, upper = ratio_bounds(sign * moved, base, bounds=test.bounds)
    except ValueError as error:
        return replace(check, reason=f"shift in spreads undefined: {error}", evidenced=False)
    value = float(sign * moved.mean() / base.mean())
    # With two sides, the claim of harm is that the mean moved out on either: twice the smaller p.
    p = test.harm_p(limit * base - sign * moved, margin=0.0)
    check = replace(
        check,
        value=value,
        lower=lower,
        upper=upper,
        unit=SPREADS if wide else check.unit,
        limit=limit,
        harm_p=p if rule.sides == WORSE else min(1.0, 2 * p),
        worst=farthest(pairing, sign * raw_differences(pairing)),
        n_needed=n_needed(-value, float((moved / base.mean()).std(ddof=1)), margin=limit),
    )
    said = f"the mean moved {'up' if sign * value > 0 else 'down' if value else 'nowhere'}"
    tail = tail_note(-sign * moved) or (tail_note(sign * moved) if rule.sides != WORSE else "")
    return decide_band(
        check, test, said, tail=tail, lowest=-math.inf if rule.sides == WORSE else -limit
    )


def band_direction(pairing: Pairing, rule: BandRule, moved: Values) -> float:
    """1 where more is counted as positive: the direction of the move, or the worse one."""
    if rule.sides == WORSE:
        return -pairing.measure.sign
    return 1.0 if moved.mean() >= 0 else -1.0


def decide_band(check: Check, test: MeanTest, said: str, *, tail: str, lowest: float) -> Check:
    assert check.lower is not None
    assert check.upper is not None
    assert check.limit is not None
    if lowest < check.lower and check.upper < check.limit:
        held = f"{said}, within the band{tail}"
        return replace(check, verdict=Verdict.PASS, reason=held, n_needed=None)
    more = prompts_to_decide(check) if check.n_needed and check.n_needed > check.n else ""
    return replace(check, reason=f"{said}; the interval spans the band's edge{test.note}{more}")


def check_without_spread(check: Check, moved: Values) -> Check:
    """All of the baseline's prompts have one value, which says nothing of how clips may differ."""
    if not np.abs(moved).max():
        return replace(check, verdict=Verdict.PASS, reason="no prompt moved", value=0.0)
    said = "all prompts of the baseline have the same value, so spreads are no width; set a margin"
    return replace(check, reason=said, evidenced=False)


def is_wider_in_spreads(rule: BandRule, spread: float) -> bool:
    """Whether the rule's spreads are wider than its margin."""
    return rule.spreads is not None and rule.spreads * spread > (rule.margin or 0.0)


def raw_differences(pairing: Pairing) -> Values:
    """Candidate minus baseline by prompt; positive is more."""
    return np.array([pair.candidate - pair.baseline for pair in pairing.pairs])


def baseline_spreads(pairing: Pairing) -> Values:
    """Values (prompts,) whose mean is the standard deviation of the baseline's prompts.

    Its linearisation prompt by prompt, so that the error of the spread counts as well.
    """
    base, weights = pairing.bases(), pairing.weights()
    mean = float(np.average(base, weights=weights))
    variance = float(np.average((base - mean) ** 2, weights=weights)) * base.size / (base.size - 1)
    deviation = math.sqrt(variance)
    if deviation <= 1e-9 * max(1.0, abs(mean)):
        return np.zeros_like(base)
    squares = linearize_weighted_mean((base - mean) ** 2, weights)
    squares = squares * variance / squares.mean()
    return np.asarray(deviation + (squares - variance) / (2 * deviation), float)


def check_outside(tier: RuleTier, pairing: Pairing, rule: OutsideShareRule) -> Check:
    """How many more of the candidate's prompts than of the baseline's are outside the band."""
    check = blank_check(tier, pairing, RuleKind.OUTSIDE, rule.at_most)
    n = len(pairing.pairs)
    if not n:
        return with_too_few_prompts(check, pairing)
    middle, reach = baseline_band(pairing.bases(), rule)
    sides = (pairing.bases(), pairing.bases() + raw_differences(pairing))
    away = [distance_from(side, middle, pairing, rule) - reach for side in sides]
    before, after = (one > 1e-9 * max(1.0, abs(middle)) for one in away)
    net = NetShare(int((after & ~before).sum()), int((before & ~after).sum()), n)
    check = replace(check, worst=farthest(pairing, np.where(after, away[1], 0.0)))
    reason = (
        f"{int(after.sum())} of {n} prompts are {'worse' if rule.sides == WORSE else 'away'} by "
        f"more than {reach:.4g} from {middle:.4g}, {int(before.sum())} of the baseline"
    )
    return check_net_share(check, net, reason)


def distance_from(
    values: Values, middle: float, pairing: Pairing, rule: OutsideShareRule
) -> Values:
    """How far values are from the middle, or how much worse they are."""
    if rule.sides == WORSE:
        return np.asarray(pairing.measure.sign * (middle - values))
    return np.abs(values - middle)


def baseline_band(base: Values, rule: OutsideShareRule) -> tuple[float, float]:
    """The baseline's median, and how far from it a prompt may be."""
    low, middle, high = (float(one) for one in np.quantile(base, (0.25, 0.5, 0.75)))
    spread = (high - low) / NORMAL_QUARTILES
    return middle, max((rule.spreads or 0.0) * spread, rule.margin or 0.0)


def farthest(
    pairing: Pairing, distances: Values, count: int = WORST_KEPT
) -> tuple[PromptHarm, ...]:
    """The prompts with the largest distances above 0."""
    order: Sequence[int] = np.argsort(-distances, kind="stable")[:WORST_KEPT].tolist()
    return tuple(
        PromptHarm(pairing.pairs[n].unit, pairing.pairs[n].prompt, float(distances[n]))
        for n in order
        if distances[n] > 0
    )
