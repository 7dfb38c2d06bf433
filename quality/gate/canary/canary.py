"""A canary and the stable version, judged on their live jobs and scores at every check.

Every rule of a metric is judged except those in ``NOT_WATCHED``, which no bound is known for that
holds at every check: a policy with one of them stays INCONCLUSIVE. If both versions made the same
prompts (shadow traffic), the prompts are compared in pairs, otherwise as two groups. The bounds
hold for any number of checks; claims of harm share the 5 % among the rules (Bonferroni).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from framegate.quality.gate.canary.canary_result import CanaryCheck, CanaryResult
from framegate.quality.gate.canary.sequential import (
    ConfidenceSequence,
    difference_bounds,
    sequence_from_groups,
    sequence_from_pairs,
)
from framegate.quality.gate.canary.watched_rule import WatchedRule, watched_rules
from framegate.quality.gate.evidence.evidence import Clip, Evidence
from framegate.quality.gate.judging.delivery import delivery_checks
from framegate.quality.gate.judging.identity import identity_checks
from framegate.quality.gate.judging.mean_test import tail_note, tails_note
from framegate.quality.gate.judging.shares import prompts_to_see, unseen_share
from framegate.quality.gate.judging.stats import ALPHA
from framegate.quality.gate.policy.measures import FAILED
from framegate.quality.gate.policy.policy import Policy, RuleTier
from framegate.quality.gate.policy.rule_ref import RuleKind, RuleRef
from framegate.telemetry.platform.verdict import Verdict

NOT_WATCHED = (
    RuleKind.WORST,
    RuleKind.CATEGORIES,
    RuleKind.BAND,
    RuleKind.OUTSIDE,
    RuleKind.ABSTENTION,
)

Values = NDArray[np.float64]
Sides = tuple[Sequence[Clip], Sequence[Clip]]


def judge_canary(baseline: Evidence, candidate: Evidence, policy: Policy) -> CanaryResult:
    """The verdict on the evidence so far."""
    if (baseline.name, baseline.source) == (candidate.name, candidate.source):
        said = f"baseline and candidate are the same model: {candidate.name}"
        return CanaryResult(Verdict.INCONCLUSIVE, said, ())
    looks = tuple(check_rule(one) for one in watched_rules(policy, baseline, candidate))
    looks += check_broken_share_unseen(looks, policy)
    looks += tuple(evidence_faults(policy, (baseline.clips, candidate.clips)))
    verdict = overall_verdict(looks)
    return CanaryResult(verdict, reason_of(verdict, looks), looks)


def evidence_faults(policy: Policy, sides: Sides) -> Iterator[CanaryCheck]:
    """What was delivered otherwise than by the baseline, and clips that show the same frames."""
    checks = (*delivery_checks(policy, sides, live=True), *identity_checks(policy, sides))
    for one in checks:
        if one.blocks:
            yield CanaryCheck(one.rule, one.tier, one.verdict, one.reason, examined=one.n)


def check_rule(one: WatchedRule) -> CanaryCheck:
    if one.ref.kind in NOT_WATCHED:
        return replace(one.blank, reason="is not judged in a canary; use margin or broken")
    if one.ref.is_limit:
        return check_limit(one)
    if min(len(one.before), len(one.after)) < one.minimum:
        said = f"{len(one.before)} and {len(one.after)} prompts, {one.minimum} needed"
        return replace(one.blank, reason=said)
    if one.ref.kind is RuleKind.BROKEN:
        return check_broken_share(one)
    return check_margin(one)


def check_broken_share_unseen(
    looks: Sequence[CanaryCheck], policy: Policy
) -> tuple[CanaryCheck, ...]:
    """Whether the prompts are enough for a PASS to say that few are broken.

    Prompts that come later only make the bound smaller, so it holds at every check.
    """
    critical = [one for one in looks if one.tier is RuleTier.CRITICAL]
    if not critical:
        return ()
    least = min(critical, key=lambda one: one.examined)
    n, needed = least.examined, prompts_to_see(policy.tolerated_broken_share)
    check = CanaryCheck(
        RuleRef(None, RuleKind.TOLERATED_BROKEN_SHARE),
        RuleTier.CRITICAL,
        Verdict.PASS if n >= needed else Verdict.INCONCLUSIVE,
        f"{n} prompts examined, {needed} needed",
        prompts=least.prompts,
        examined=n,
        at_most=unseen_share(n),
        margin=policy.tolerated_broken_share,
    )
    return (check,)


def check_limit(one: WatchedRule) -> CanaryCheck:
    """A floor or a ceiling of every clip of the candidate: a fact about these clips."""
    above = one.ref.kind is RuleKind.CEILING
    limit = float(getattr(one.rule, one.ref.kind))
    check = replace(one.blank, margin=limit)
    if not one.after:
        return replace(check, reason="no clip of the candidate has a value")
    extreme = max(one.after.values()) if above else min(one.after.values())
    check = replace(check, worse_by=extreme)
    if extreme > limit if above else extreme < limit:
        said = f"a clip has {extreme:.4g}, the {one.ref.kind} is {limit:g}"
        return replace(check, verdict=Verdict.FAIL, reason=said)
    if len(one.after) < one.minimum:
        said = f"{len(one.after)} prompts of the candidate, {one.minimum} needed"
        return replace(check, reason=said)
    return pass_unless_missing(check, one)


def check_broken_share(one: WatchedRule) -> CanaryCheck:
    """The share of prompts that got much worse, less those that got better; only pairs show it."""
    assert one.rule.broken
    limit = one.rule.broken.at_most
    check = replace(one.blank, margin=limit)
    if not one.in_pairs:
        return replace(check, reason="needs prompts that both versions made")
    harms = [one.measure.sign * (one.before[key] - one.after[key]) for key in one.shared]
    reach, n = one.rule.broken.worse_by, len(harms)
    better, worse = (sum(sign * harm > reach for harm in harms) for sign in (-1, 1))
    check = replace(
        check,
        paired=True,
        worse_by=(worse - better) / n,
        at_least=difference_bounds((better, n), (worse, n), alpha=one.alpha)[0],
        at_most=difference_bounds((better, n), (worse, n), alpha=ALPHA)[1],
    )
    return decide_check(check, one)


def check_margin(one: WatchedRule) -> CanaryCheck:
    relative = one.ref.kind is RuleKind.RELATIVE_MARGIN
    base = fmean(one.before.values())
    margin = (one.rule.relative_margin or 0.0) * base if relative else one.rule.margin
    if margin is None or margin <= 0:
        return replace(one.blank, reason="relative margin undefined: baseline mean not positive")
    check = replace(one.blank, margin=margin)
    if one.measure is FAILED:
        return decide_check(compare_failures(check, one), one)
    found, in_pairs = difference_sequence(one)
    check = replace(
        check,
        paired=in_pairs,
        worse_by=-found.mean,
        at_least=-found.upper(one.alpha),
        at_most=-found.lower(),
    )
    if (decided := decide_check(check, one)).verdict is not Verdict.PASS or not in_pairs:
        return decided
    return replace(decided, reason=f"{decided.reason}{tail_note(one.differences())}")


def compare_failures(check: CanaryCheck, one: WatchedRule) -> CanaryCheck:
    """The difference of two failure rates; no failure among few prompts does not show a rate of 0.

    A mean of zeros and ones has exact bounds, which need no spread to have been seen.
    """
    sides = tuple((sum(side.values()), len(side)) for side in (one.before, one.after))
    return replace(
        check,
        worse_by=sides[1][0] / sides[1][1] - sides[0][0] / sides[0][1],
        at_least=difference_bounds(*sides, alpha=one.alpha)[0],
        at_most=difference_bounds(*sides, alpha=ALPHA)[1],
    )


def difference_sequence(one: WatchedRule) -> tuple[ConfidenceSequence, bool]:
    """The difference so far, and whether it is one of pairs."""
    if one.in_pairs:
        return sequence_from_pairs(one.differences()), True
    before, after = (
        one.measure.sign * np.array([value for _, value in sorted(side.items())])
        for side in (one.before, one.after)
    )
    return sequence_from_groups(before, after), False


def decide_check(found: CanaryCheck, one: WatchedRule) -> CanaryCheck:
    if found.at_least is not None and found.at_least > found.margin:
        said = f"{found.worse_by:.3g} worse, margin {found.margin:.3g}"
        return replace(found, verdict=Verdict.FAIL, reason=said)
    if found.at_most is None or found.at_most >= found.margin:
        missing = missing_text(one)
        return replace(found, reason=missing or "not enough data yet")
    return pass_unless_missing(found, one)


def pass_unless_missing(found: CanaryCheck, one: WatchedRule) -> CanaryCheck:
    missing = missing_text(one)
    if missing:
        return replace(found, reason=missing)
    return replace(found, verdict=Verdict.PASS, reason="not worse than the margin allows")


def missing_text(one: WatchedRule) -> str | None:
    """What keeps jobs without a value from being taken for good ones; None if nothing does.

    Where only a sample is scored, both sides lack as many scores; a side that lacks more lost them.
    """
    before, after = one.missing
    if abs(after - before) <= one.policy.unmatched_share:
        return None
    return f"{after:.0%} of the candidate's clips have no value, {before:.0%} of the baseline's"


def overall_verdict(looks: Sequence[CanaryCheck]) -> Verdict:
    """FAIL for any harm; PASS when every critical rule is shown to hold."""
    if any(one.verdict is Verdict.FAIL and one.tier is not RuleTier.ADVISORY for one in looks):
        return Verdict.FAIL
    critical = [one for one in looks if one.tier is RuleTier.CRITICAL]
    if critical and all(one.verdict is Verdict.PASS for one in critical):
        return Verdict.PASS
    return Verdict.INCONCLUSIVE


def reason_of(verdict: Verdict, looks: Sequence[CanaryCheck]) -> str:
    if not looks:
        return "the policy has no rule"
    if verdict is Verdict.PASS:
        n = min(one.examined for one in looks if one.tier is RuleTier.CRITICAL)
        tails = tails_note({one.rule.label: one.reason for one in looks})
        return (
            f"every critical rule holds, on {n} prompts; a fault in up to {unseen_share(n):.1%} "
            f"of prompts could have been missed{tails}"
        )
    deciding = [
        one for one in looks if one.verdict is verdict and one.tier is not RuleTier.ADVISORY
    ]
    return "; ".join(f"{one.rule.path}: {one.reason}" for one in deciding)
