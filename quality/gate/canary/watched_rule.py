"""One rule of a policy, and the values of live jobs so far that it is about."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from framegate.quality.gate.canary.canary_result import CanaryCheck
from framegate.quality.gate.evidence.evidence import Clip, Evidence, is_measurement
from framegate.quality.gate.evidence.pairing import values_of
from framegate.quality.gate.judging.stats import ALPHA
from framegate.quality.gate.policy.measures import MEASURES, Measure
from framegate.quality.gate.policy.policy import Policy, Rule, RuleTier
from framegate.quality.gate.policy.rule_ref import METRIC_KINDS, RuleRef
from framegate.telemetry.platform.verdict import Verdict

PAIRED_SHARE = 0.8  # of the candidate's prompts must be matched for a comparison in pairs

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WatchedRule:
    """One rule of the policy and the values so far that it is about, by prompt."""

    ref: RuleRef
    measure: Measure
    rule: Rule
    policy: Policy
    before: Mapping[str, float]
    after: Mapping[str, float]
    missing: tuple[float, float]  # the share of either side's jobs without a value
    alpha: float  # of a claim of harm

    @property
    def minimum(self) -> int:
        return self.rule.minimum_prompts or self.policy.minimum_prompts

    @property
    def shared(self) -> list[str]:
        return sorted(self.before.keys() & self.after.keys())

    @property
    def in_pairs(self) -> bool:
        return len(self.shared) >= max(2, PAIRED_SHARE * len(self.after))

    def differences(self) -> Values:
        """By prompt; negative is worse."""
        moved = [self.after[key] - self.before[key] for key in self.shared]
        return self.measure.sign * np.array(moved)

    @property
    def blank(self) -> CanaryCheck:
        prompts = (len(self.before), len(self.after))
        examined = len(self.shared) if self.in_pairs else len(self.after)
        verdict = Verdict.INCONCLUSIVE
        return CanaryCheck(
            self.ref, self.rule.tier, verdict, "", prompts=prompts, examined=examined
        )


def watched_rules(policy: Policy, baseline: Evidence, candidate: Evidence) -> Iterator[WatchedRule]:
    """Every rule of every metric, in the policy's order."""
    rules = [
        (name, rule, kind)
        for name, rule in policy.metrics.items()
        for kind in METRIC_KINDS
        if getattr(rule, kind) is not None
    ]
    claims = sum(rule.tier is not RuleTier.ADVISORY for _, rule, _ in rules)
    for name, rule, kind in rules:
        sides = (baseline.clips, candidate.clips)
        yield WatchedRule(
            RuleRef(name, kind),
            MEASURES[name],
            rule,
            policy,
            values_of(name, sides[0]),
            values_of(name, sides[1]),
            missing=(missing_share(name, sides[0]), missing_share(name, sides[1])),
            alpha=ALPHA / max(1, claims),
        )


def missing_share(measure: str, clips: Sequence[Clip]) -> float:
    """The share of all jobs that have no value, whether they failed, hang or wait for a score."""
    without = sum(not is_measurement(clip.values.get(measure, np.nan)) for clip in clips)
    return without / max(1, len(clips))
