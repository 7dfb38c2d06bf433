"""A policy's rules applied to both sides' evidence: one check for each rule."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from statistics import fmean
from typing import Any

from framegate.quality.gate.evidence.pairing import (
    SIDE_NAMES,
    Pairing,
    Sides,
    pair_prompts,
)
from framegate.quality.gate.judging.bands import check_band, check_outside
from framegate.quality.gate.judging.check import (
    DIFFERENT_RUNS,
    Check,
    EvidenceGap,
    GapKind,
    abstention_gap,
    blank_check,
    category_gap,
    check_net_share,
    evidence_gap,
    prompts_to_decide,
    rank_harms,
    with_too_few_prompts,
)
from framegate.quality.gate.judging.mean_test import mean_test, tail_note
from framegate.quality.gate.judging.seed_noise import worst_prompts_p
from framegate.quality.gate.judging.shares import NetShare
from framegate.quality.gate.judging.stats import (
    compare,
    linearize_weighted_mean,
    ratio_bounds,
)
from framegate.quality.gate.policy.measures import MEASURES
from framegate.quality.gate.policy.policy import (
    AbstentionRule,
    BrokenShareRule,
    CategoryRule,
    Policy,
    Rule,
    RuleTier,
    WorstPromptsRule,
)
from framegate.quality.gate.policy.rule_ref import RuleKind
from framegate.telemetry.platform.verdict import Verdict

NO_SEEDS = "how much equal models differ is known only with several seeds of a prompt"


def checks_of(policy: Policy, sides: Sides, *, same_times: bool) -> Iterator[Check]:
    """Every metric's rules, in the policy's order.

    ``same_times``: both sides' clips were made in turns in one run, so their timings compare.
    """
    for metric, rule in policy.metrics.items():
        pairing = pair_prompts(MEASURES[metric], sides)
        if rule.abstention is not None:
            pairing = pairing.without_abstentions()
        comparable = same_times or not MEASURES[metric].timed
        minimum = rule.minimum_prompts or policy.minimum_prompts
        gap = (
            evidence_gap(pairing, minimum=minimum, unmatched_share=policy.unmatched_share)
            if comparable
            else DIFFERENT_RUNS
        )
        if gap is None and rule.tier is RuleTier.CRITICAL:  # a PASS may rest on it
            gap = abstention_gap(pairing)
        yield from rule_checks(rule, pairing, gap)


def rule_checks(rule: Rule, pairing: Pairing, gap: EvidenceGap | None) -> Iterator[Check]:
    for kind, check in CHECKS.items():
        wanted = getattr(rule, kind)
        if wanted is not None:
            yield with_gap(check(rule.tier, pairing, wanted), gap)
    if rule.categories is not None:
        yield from check_categories(rule.tier, pairing, rule.categories, gap)


def with_gap(check: Check, gap: EvidenceGap | None) -> Check:
    """The check as missing evidence leaves it: never a PASS, while harm that was seen stays FAIL.

    Timings of different runs do not show harm either.
    """
    if gap is DIFFERENT_RUNS:
        check = replace(check, verdict=Verdict.INCONCLUSIVE, harm_p=None)
    if gap is None or check.verdict is Verdict.FAIL:
        return check
    return replace(check, verdict=Verdict.INCONCLUSIVE, reason=gap.text, evidenced=False)


def check_margin(tier: RuleTier, pairing: Pairing, margin: float) -> Check:
    """Non-inferiority of the mean over prompts."""
    return compare_means(blank_check(tier, pairing, RuleKind.MARGIN, margin), pairing, margin)


def compare_means(check: Check, pairing: Pairing, margin: float) -> Check:
    if len(pairing.pairs) < 2:
        return with_too_few_prompts(check, pairing)
    values = linearize_weighted_mean(pairing.differences(), pairing.weights())
    found, test = compare(values.tolist(), margin=margin), mean_test(values, pairing.categories())
    lower, upper = test.bounds(values)
    check = replace(
        check,
        value=-found.mean,
        lower=-upper,
        upper=-lower,
        shift=-found.shift,
        flips_p=found.flips_p,
        harm_p=test.harm_p(values, margin=margin),
        n_needed=found.n_needed,
    )
    return decide_margin(check, margin, note=test.note, tail=tail_note(values))


def check_relative_margin(tier: RuleTier, pairing: Pairing, margin: float) -> Check:
    """Non-inferiority of the ratio of the means: a share of the baseline's mean."""
    check = blank_check(tier, pairing, RuleKind.RELATIVE_MARGIN, margin)
    if len(pairing.pairs) < 2:
        return with_too_few_prompts(check, pairing)
    weights = pairing.weights()
    base = linearize_weighted_mean(pairing.bases(), weights)
    change = linearize_weighted_mean(pairing.differences(), weights)
    test = mean_test(change, pairing.categories())
    try:
        lower, upper = ratio_bounds(-change, base, bounds=test.bounds)
    except ValueError as error:
        return replace(check, reason=f"relative difference undefined: {error}", evidenced=False)
    # What is left of the margin, prompt by prompt: Fieller's test of a ratio.
    left = change + margin * base
    found = compare(left.tolist(), margin=0.0)
    check = replace(
        check,
        value=float(-change.mean() / base.mean()),
        lower=lower,
        upper=upper,
        flips_p=found.flips_p,
        harm_p=test.harm_p(left, margin=0.0),
        n_needed=found.n_needed,
    )
    return decide_margin(check, margin, note=test.note, tail=tail_note(left))


def decide_margin(check: Check, margin: float, *, note: str, tail: str) -> Check:
    """PASS when the whole interval is within the margin, else INCONCLUSIVE.

    FAIL is decided later, over all rules together (``harm_claims.py``).
    """
    if check.upper is not None and check.upper < margin:
        held = f"not worse than the margin allows{tail}"
        return replace(check, verdict=Verdict.PASS, reason=held)
    return replace(check, reason=f"the interval spans the margin{note or prompts_to_decide(check)}")


def check_worst_prompts(tier: RuleTier, pairing: Pairing, rule: WorstPromptsRule) -> Check:
    """The mean of the worst prompts; harm where equal models would hardly differ so much.

    Equal models differ, too, the more prompts the more: without the noise between several seeds
    of a prompt it is not known how much, and a limit that is passed shows no harm.
    """
    check = blank_check(tier, pairing, RuleKind.WORST, rule.margin)
    harms = rank_harms(pairing)[: rule.prompts]
    if len(harms) < rule.prompts:
        reason = f"{len(harms)} prompts measured on both sides, {rule.prompts} needed"
        return replace(check, reason=reason, evidenced=False)
    value = fmean(one.worse_by for one in harms)
    reason = f"the worst {rule.prompts} prompts are worse by {value:.3g} on average"
    check = replace(check, value=value, reason=reason)
    if value <= rule.margin:
        return replace(check, verdict=Verdict.PASS)
    if pairing.noise is None:
        return replace(check, reason=f"{reason}; {NO_SEEDS}")
    p = worst_prompts_p(pairing.noise, prompts=len(pairing.pairs), worst=rule.prompts, seen=value)
    return replace(check, harm_p=p, reason=f"{reason}; equal models differ so in {p:.1%} of cases")


def check_broken_share(tier: RuleTier, pairing: Pairing, rule: BrokenShareRule) -> Check:
    """How many more prompts got much worse than got much better, with an interval of the share."""
    check = blank_check(tier, pairing, RuleKind.BROKEN, rule.at_most)
    n = len(pairing.pairs)
    if not n:
        return with_too_few_prompts(check, pairing)
    differences = pairing.differences()
    worse, better = (int((sign * differences > rule.worse_by).sum()) for sign in (-1, 1))
    reason = f"{worse} of {n} prompts are worse by more than {rule.worse_by:g}, {better} better"
    return check_net_share(check, NetShare(worse, better, n), reason)


def check_abstention(tier: RuleTier, pairing: Pairing, rule: AbstentionRule) -> Check:
    """How many more prompts are without a value on the candidate's side than on the baseline's."""
    check = blank_check(tier, pairing, RuleKind.ABSTENTION, rule.at_most)
    before, after = (len(one) for one in pairing.one_sided)
    n = pairing.examined
    if not n:
        return with_too_few_prompts(check, pairing)
    reason = f"no value for {after} of {n} prompts of the candidate alone, {before} of the baseline"
    return check_net_share(
        replace(check, n=n, missing=pairing.one_sided[1]), NetShare(after, before, n), reason
    )


def check_categories(
    tier: RuleTier, pairing: Pairing, rule: CategoryRule, gap: EvidenceGap | None
) -> Iterator[Check]:
    """Each category as a small suite of its own; what is missing is missing in each."""
    kind, missing = RuleKind.CATEGORIES, (*pairing.unscorable, *pairing.unmatched)
    for category in sorted({pair.category for pair in pairing.pairs}):
        own = pairing.for_category(category)
        blank = blank_check(tier, own, kind, rule.margin, category)
        blank = replace(blank, missing=missing, clips=pairing.missing_keys)
        check = compare_means(blank, own, rule.margin)
        few = category_gap(category, len(own.pairs), rule.minimum_prompts)
        yield with_gap(check, gap or few)
    if not pairing.pairs:
        none = EvidenceGap(GapKind.TOO_FEW_PROMPTS, "there are no categories")
        yield with_gap(blank_check(tier, pairing, kind, None), gap or none)


def check_limit(tier: RuleTier, pairing: Pairing, kind: RuleKind, limit: float) -> Check:
    """A floor or a ceiling for every clip of the candidate, matched or not."""
    above = kind is RuleKind.CEILING
    check = replace(blank_check(tier, pairing, kind, limit), above=above)
    values = sorted(pairing.candidate, key=lambda one: one.value, reverse=above)
    if not values:
        return replace(check, reason=f"no clip of the {SIDE_NAMES[1]} has a value", evidenced=False)
    worst = values[0]
    beyond = [one for one in values if (one.value > limit if above else one.value < limit)]
    side = "above" if above else "below"
    check = replace(check, n=len(values), value=worst.value)
    if beyond:
        said = f"{len(beyond)} of {len(values)} clips are {side} {limit:g}"
        reason = f"{said}: {worst.prompt} has {worst.value:.4g}"
        keys = tuple(one.key for one in beyond)
        return replace(check, verdict=Verdict.FAIL, reason=reason, clips=keys)
    return replace(check, verdict=Verdict.PASS, reason=f"no clip is {side} {limit:g}")


def check_floor(tier: RuleTier, pairing: Pairing, limit: float) -> Check:
    return check_limit(tier, pairing, RuleKind.FLOOR, limit)


def check_ceiling(tier: RuleTier, pairing: Pairing, limit: float) -> Check:
    return check_limit(tier, pairing, RuleKind.CEILING, limit)


CHECKS: Mapping[RuleKind, Callable[[RuleTier, Pairing, Any], Check]] = {
    RuleKind.MARGIN: check_margin,
    RuleKind.RELATIVE_MARGIN: check_relative_margin,
    RuleKind.WORST: check_worst_prompts,
    RuleKind.BROKEN: check_broken_share,
    RuleKind.BAND: check_band,
    RuleKind.OUTSIDE: check_outside,
    RuleKind.ABSTENTION: check_abstention,
    RuleKind.FLOOR: check_floor,
    RuleKind.CEILING: check_ceiling,
}
