"""A policy's rules over two sides' evidence: one check for each."""

from collections.abc import Iterator
from dataclasses import replace
from statistics import fmean

from framegate.quality.gate.evidence.pairing import (
    SIDE_NAMES,
    Pairing,
    Sides,
    pair_prompts,
    prompt_list,
)
from framegate.quality.gate.judging.check import Check, PromptHarm, Verdict
from framegate.quality.gate.judging.stats import (
    Comparison,
    compare,
    linearize_weighted_mean,
    ratio_bounds,
    share_bounds,
    share_needed,
    share_p,
)
from framegate.quality.gate.policy.measures import MEASURES
from framegate.quality.gate.policy.policy import Policy, Rule

WORST_KEPT = 5
NOT_IN_TURNS = "the sides were made at different times; make both in one run, or let 'times' differ"


def checks_of(policy: Policy, sides: Sides, *, same_times: bool) -> Iterator[Check]:
    """Every metric's rules, in the policy's order.

    ``same_times``: both sides were made in turns, so that what making took may be compared.
    """
    for metric, rule in policy.metrics.items():
        pairing = pair_prompts(MEASURES[metric], sides)
        timed = None if same_times or not MEASURES[metric].timed else NOT_IN_TURNS
        yield from rule_checks(rule, pairing, policy, timed)


def rule_checks(rule: Rule, pairing: Pairing, policy: Policy, timed: str | None) -> Iterator[Check]:
    gap = timed or evidence_gap(
        pairing, policy, minimum=rule.minimum_prompts or policy.minimum_prompts
    )
    blank = blank_check(rule, pairing)
    if rule.margin is not None:
        yield with_gap(check_margin(blank, pairing, rule.margin), gap)
    if rule.relative_margin is not None:
        yield with_gap(check_relative_margin(blank, pairing, rule.relative_margin), gap)
    if rule.worst is not None:
        yield with_gap(check_worst_prompts(blank, pairing, rule), gap)
    if rule.broken is not None:
        yield with_gap(check_broken_share(blank, pairing, rule), gap)
    if rule.categories is not None:
        yield from check_categories(blank, pairing, rule, gap)
    for name in ("floor", "ceiling"):
        limit = getattr(rule, name)
        if limit is not None:
            yield with_gap(check_limit(blank, pairing, name, limit), gap)


def blank_check(rule: Rule, pairing: Pairing) -> Check:
    """What all of a metric's checks have in common."""
    pairs, measure = pairing.pairs, pairing.measure
    return Check(
        rule=f"metrics.{measure.id}",
        tier=rule.tier,
        verdict=Verdict.INCONCLUSIVE,
        reason="",
        measure=measure.id,
        unit=measure.unit,
        n=len(pairs),
        baseline=fmean(pair.baseline for pair in pairs) if pairs else None,
        candidate=fmean(pair.candidate for pair in pairs) if pairs else None,
        worst=worst_of(pairing),
        missing=(*pairing.unscorable, *pairing.unmatched),
    )


def worst_of(pairing: Pairing, count: int = WORST_KEPT) -> tuple[PromptHarm, ...]:
    """The prompts that got worse the most, first; those that did not get worse are left out."""
    return tuple(one for one in rank_harms(pairing)[:count] if one.worse_by > 0)


def rank_harms(pairing: Pairing) -> list[PromptHarm]:
    harms = sorted(zip(-pairing.differences(), pairing.pairs, strict=True), key=lambda one: -one[0])
    return [PromptHarm(pair.unit, pair.prompt, float(harm)) for harm, pair in harms]


def evidence_gap(pairing: Pairing, policy: Policy, *, minimum: int) -> str | None:
    """Why the evidence is not enough, if it is not."""
    if pairing.unscorable:
        count = len(pairing.unscorable)
        return f"{count} clips have no value: {prompt_list(pairing.unscorable)}"
    if not pairing.pairs and pairing.unmatched:
        return f"no prompt has it on both sides: {prompt_list(pairing.unmatched)}"
    if len(pairing.pairs) < minimum:
        gone = f"; without a partner: {prompt_list(pairing.unmatched)}" if pairing.unmatched else ""
        return f"{len(pairing.pairs)} prompts measured on both sides, {minimum} needed{gone}"
    if len(pairing.unmatched) > policy.unmatched_share * pairing.prompts:
        return f"{len(pairing.unmatched)} prompts lack a partner: {prompt_list(pairing.unmatched)}"
    return None


def with_gap(check: Check, gap: str | None) -> Check:
    """Missing evidence never lets anything pass; harm that was seen all the same stays harm.

    Times of different runs show no harm either.
    """
    if gap is NOT_IN_TURNS:
        check = replace(check, verdict=Verdict.INCONCLUSIVE, harm_p=None)
    if gap is None or check.verdict is Verdict.FAIL:
        return check
    return replace(check, verdict=Verdict.INCONCLUSIVE, reason=gap, evidenced=False)


def check_margin(blank: Check, pairing: Pairing, margin: float, *, name: str = "margin") -> Check:
    """Non-inferiority of the mean over prompts."""
    check = replace(blank, rule=f"{blank.rule}.{name}", limit=margin)
    if len(pairing.pairs) < 2:
        return with_too_few_prompts(check)
    values = linearize_weighted_mean(pairing.differences(), pairing.weights())
    found = compare(values.tolist(), margin=margin)
    return decide_margin(
        replace(
            check,
            value=-found.mean,
            lower=-found.upper,
            upper=-found.lower,
            shift=-found.shift,
            flips_p=found.flips_p,
        ),
        found,
    )


def with_too_few_prompts(check: Check) -> Check:
    return replace(check, reason=f"{check.n} prompts are too few for an interval", evidenced=False)


def check_relative_margin(blank: Check, pairing: Pairing, margin: float) -> Check:
    """Non-inferiority of the ratio of the means: a share of the baseline's mean."""
    check = replace(blank, rule=f"{blank.rule}.relative_margin", limit=margin, unit="share")
    if len(pairing.pairs) < 2:
        return with_too_few_prompts(check)
    weights = pairing.weights()
    base = linearize_weighted_mean(pairing.bases(), weights)
    change = linearize_weighted_mean(pairing.differences(), weights)
    try:
        lower, upper = ratio_bounds(-change, base)
    except ValueError as error:
        return replace(check, reason=f"no share can be told: {error}", evidenced=False)
    # What is left of the margin, prompt by prompt: Fieller's test of a ratio.
    found = compare((change + margin * base).tolist(), margin=0.0)
    value = float(-change.mean() / base.mean())
    return decide_margin(
        replace(check, value=value, lower=lower, upper=upper, flips_p=found.flips_p), found
    )


def decide_margin(check: Check, found: Comparison) -> Check:
    """PASS where the whole interval is within the limit; else nobody knows yet."""
    check = replace(check, harm_p=found.harm_p, n_needed=found.n_needed)
    limit = check.limit or 0.0
    if check.upper is not None and check.upper < limit:
        return replace(check, verdict=Verdict.PASS, reason="not worse than the margin allows")
    more = f"; about {check.n_needed} prompts would decide it" if check.n_needed else ""
    return replace(check, reason=f"the interval spans the margin{more}")


def check_worst_prompts(blank: Check, pairing: Pairing, rule: Rule) -> Check:
    """A fact of these prompts, not a guess at others: the mean of the worst ones."""
    worst = rule.worst
    if worst is None:
        raise AssertionError("asked without a rule")
    check = replace(blank, rule=f"{blank.rule}.worst", limit=worst.margin)
    harms = rank_harms(pairing)[: worst.prompts]
    if len(harms) < worst.prompts:
        return replace(check, reason=f"{len(harms)} of {worst.prompts} prompts", evidenced=False)
    value = fmean(one.worse_by for one in harms)
    said = f"the worst {worst.prompts} prompts are worse by {value:.3g} on average"
    verdict = Verdict.FAIL if value > worst.margin else Verdict.PASS
    return replace(check, verdict=verdict, reason=said, value=value)


def check_broken_share(blank: Check, pairing: Pairing, rule: Rule) -> Check:
    """How many prompts got much worse, with an exact interval of their share."""
    broken = rule.broken
    if broken is None:
        raise AssertionError("asked without a rule")
    check = replace(blank, rule=f"{blank.rule}.broken", limit=broken.at_most, unit="share")
    n = len(pairing.pairs)
    if not n:
        return with_too_few_prompts(check)
    count = int((-pairing.differences() > broken.worse_by).sum())
    lower, upper = share_bounds(count, n)
    check = replace(
        check,
        value=count / n,
        lower=lower,
        upper=upper,
        harm_p=share_p(count, n, at_most=broken.at_most),
        n_needed=share_needed(count, n, at_most=broken.at_most),
    )
    said = f"{count} of {n} prompts are worse by more than {broken.worse_by:g}"
    if upper <= broken.at_most:
        return replace(check, verdict=Verdict.PASS, reason=said)
    more = f"; about {check.n_needed} prompts would decide it" if check.n_needed else ""
    return replace(check, reason=f"{said}, which may be {upper:.0%} of all{more}")


def check_categories(
    blank: Check, pairing: Pairing, rule: Rule, gap: str | None
) -> Iterator[Check]:
    """Each category as a small suite of its own."""
    categories = rule.categories
    if categories is None:
        raise AssertionError("asked without a rule")
    for category in sorted({pair.category for pair in pairing.pairs}):
        own = pairing.for_category(category)
        inside = replace(
            blank_check(rule, own), rule=f"{blank.rule}.categories", missing=blank.missing
        )
        check = check_margin(inside, own, categories.margin, name=category)
        few = len(own.pairs) < categories.minimum_prompts
        need = f"{category}: {len(own.pairs)} prompts, {categories.minimum_prompts} needed"
        yield with_gap(check, gap or (need if few else None))
    if not pairing.pairs:
        yield with_gap(
            replace(blank, rule=f"{blank.rule}.categories"), gap or "there are no categories"
        )


def check_limit(blank: Check, pairing: Pairing, name: str, limit: float) -> Check:
    """A floor or a ceiling for every clip of the candidate, whether it has a partner or not."""
    above = name == "ceiling"
    check = replace(blank, rule=f"{blank.rule}.{name}", limit=limit, above=above)
    values = sorted(pairing.candidate, key=lambda one: one[1], reverse=above)
    if not values:
        return replace(check, reason=f"no clip of the {SIDE_NAMES[1]} has a value", evidenced=False)
    prompt, value = values[0]
    beyond = [one for one in values if (one[1] > limit if above else one[1] < limit)]
    side = "above" if above else "below"
    check = replace(check, n=len(values), value=value)
    if beyond:
        said = (
            f"{len(beyond)} of {len(values)} clips are {side} {limit:g}: {prompt} has {value:.4g}"
        )
        return replace(check, verdict=Verdict.FAIL, reason=said)
    return replace(check, verdict=Verdict.PASS, reason=f"no clip is {side} {limit:g}")
