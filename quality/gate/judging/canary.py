"""A canary and the stable version, judged on their live scores at every check.

Only margins are checked: of the mean over prompts, absolute or relative. If both versions made the
same prompts (shadow traffic), the prompts are compared in pairs, otherwise as two groups. The
bounds hold for any number of checks; claims of harm share the 5 % among the rules (Bonferroni).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from framegate.quality.gate.evidence.evidence import Clip, Evidence
from framegate.quality.gate.evidence.pairing import is_unscorable, values_of
from framegate.quality.gate.judging.sequential import (
    ConfidenceSequence,
    sequence_from_groups,
    sequence_from_pairs,
)
from framegate.quality.gate.judging.stats import ALPHA
from framegate.quality.gate.policy.measures import FAILED, MEASURES, Measure
from framegate.quality.gate.policy.policy import Policy, Rule, RuleTier
from framegate.quality.gate.policy.rule_ref import RuleField, RuleKind, RuleRef
from framegate.telemetry.platform.verdict import Verdict

PAIRED_SHARE = 0.8  # of the candidate's prompts must be matched for a comparison in pairs

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CanaryCheck:
    """One margin at one check; ``at_least`` and ``at_most`` bound ``worse_by``."""

    rule: RuleField
    tier: RuleTier
    verdict: Verdict
    reason: str
    paired: bool = False
    prompts: tuple[int, int] = (0, 0)
    worse_by: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    margin: float = 0.0


@dataclass(frozen=True, slots=True)
class CanaryResult:
    """The verdict on a canary so far; on INCONCLUSIVE the watch goes on."""

    verdict: Verdict
    reason: str
    looks: tuple[CanaryCheck, ...]


RESULT = TypeAdapter(CanaryResult)


def result_json(found: CanaryResult) -> dict[str, Any]:
    """The result as JSON documents hold it."""
    return dict(RESULT.dump_python(found, mode="json"))


def judge_canary(baseline: Evidence, candidate: Evidence, policy: Policy) -> CanaryResult:
    """The verdict on the evidence so far."""
    rules = list(margins_of(policy))
    harms = sum(rule.tier is not RuleTier.ADVISORY for _, rule, _ in rules)
    alpha = ALPHA / max(1, harms)
    looks = tuple(
        check_margin(name, rule, relative, (baseline.clips, candidate.clips), policy, alpha=alpha)
        for name, rule, relative in rules
    )
    verdict = overall_verdict(looks)
    return CanaryResult(verdict, reason_of(verdict, looks), looks)


def margins_of(policy: Policy) -> Iterator[tuple[Measure, Rule, bool]]:
    """Every margin of the policy, and whether it is relative."""
    for name, rule in policy.metrics.items():
        if rule.margin is not None:
            yield MEASURES[name], rule, False
        if rule.relative_margin is not None:
            yield MEASURES[name], rule, True


def check_margin(
    measure: Measure,
    rule: Rule,
    relative: bool,
    sides: tuple[Sequence[Clip], Sequence[Clip]],
    policy: Policy,
    *,
    alpha: float,
) -> CanaryCheck:
    before, after = (values_of(measure.id, clips) for clips in sides)
    kind = RuleKind.RELATIVE_MARGIN if relative else RuleKind.MARGIN
    blank = CanaryCheck(
        RuleRef(measure.id, kind),
        rule.tier,
        Verdict.INCONCLUSIVE,
        "",
        prompts=(len(before), len(after)),
    )
    need = rule.minimum_prompts or policy.minimum_prompts
    if min(len(before), len(after)) < need:
        return replace(blank, reason=f"{len(before)} and {len(after)} prompts, {need} needed")
    base = fmean(before.values())
    margin = rule.relative_margin * base if relative and rule.relative_margin else rule.margin
    if margin is None or margin <= 0:
        return replace(blank, reason="relative margin undefined: baseline mean not positive")
    found, in_pairs = difference_sequence(measure, before, after)
    blank = replace(
        blank,
        paired=in_pairs,
        worse_by=-found.mean,
        at_least=-found.upper(alpha),
        at_most=-found.lower(),
        margin=margin,
    )
    return decide_check(blank, unscorable_share(measure, sides[1]), policy)


def difference_sequence(
    measure: Measure, before: Mapping[str, float], after: Mapping[str, float]
) -> tuple[ConfidenceSequence, bool]:
    """The difference so far, and whether it is one of pairs."""
    shared = sorted(before.keys() & after.keys())
    if len(shared) >= PAIRED_SHARE * len(after) and len(shared) >= 2:
        values = np.array([measure.sign * (after[key] - before[key]) for key in shared])
        return sequence_from_pairs(values), True
    return sequence_from_groups(*(signed_values(measure, side) for side in (before, after))), False


def signed_values(measure: Measure, values: Mapping[str, float]) -> Values:
    """Values by prompt, higher is better.

    Failures get one good and one failed clip more, so that a few clips do not show a rate of 0.
    """
    found = [measure.sign * value for _, value in sorted(values.items())]
    return np.array(found + ([0.0, measure.sign] if measure is FAILED else []))


def unscorable_share(measure: Measure, clips: Sequence[Clip]) -> float:
    """The share of the measured clips that have no value."""
    looked = [clip for clip in clips if measure.id in clip.values or measure.id in clip.reasons]
    return sum(is_unscorable(clip, measure.id) for clip in looked) / max(1, len(looked))


def decide_check(found: CanaryCheck, broken: float, policy: Policy) -> CanaryCheck:
    if found.at_least is not None and found.at_least > found.margin:
        said = f"{found.worse_by:.3g} worse, margin {found.margin:.3g}"
        return replace(found, verdict=Verdict.FAIL, reason=said)
    if broken > policy.unmatched_share:
        return replace(found, reason=f"{broken:.0%} of the candidate's clips have no value")
    if found.at_most is not None and found.at_most < found.margin:
        return replace(found, verdict=Verdict.PASS, reason="not worse than the margin allows")
    return replace(found, reason="not enough data yet")


def overall_verdict(looks: Sequence[CanaryCheck]) -> Verdict:
    """FAIL for any harm; PASS when every critical margin is shown to hold."""
    if any(one.verdict is Verdict.FAIL and one.tier is not RuleTier.ADVISORY for one in looks):
        return Verdict.FAIL
    critical = [one for one in looks if one.tier is RuleTier.CRITICAL]
    if critical and all(one.verdict is Verdict.PASS for one in critical):
        return Verdict.PASS
    return Verdict.INCONCLUSIVE


def reason_of(verdict: Verdict, looks: Sequence[CanaryCheck]) -> str:
    if not looks:
        return "the policy has no margin"
    if verdict is Verdict.PASS:
        return "every critical margin holds"
    deciding = [
        one for one in looks if one.verdict is verdict and one.tier is not RuleTier.ADVISORY
    ]
    return "; ".join(f"{one.rule.path}: {one.reason}" for one in deciding)
