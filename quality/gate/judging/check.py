"""One rule's verdict with the numbers it rests on, or the evidence that is missing for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import fmean

from framegate.quality.gate.evidence.evidence import NO_REFERENCE
from framegate.quality.gate.evidence.pairing import Pairing, prompt_list
from framegate.quality.gate.judging.shares import NetShare, share_needed
from framegate.quality.gate.policy.policy import RuleTier
from framegate.quality.gate.policy.rule_ref import RuleField, RuleKind, RuleRef
from framegate.telemetry.platform.verdict import Verdict

WORST_KEPT = 5


class GapKind(StrEnum):
    """Why evidence is not enough for a rule."""

    DIFFERENT_RUNS = "different runs"
    UNSCORABLE = "unscorable"
    TOO_FEW_PROMPTS = "too few prompts"
    UNMATCHED = "unmatched"


@dataclass(frozen=True, slots=True)
class EvidenceGap:
    """Evidence that is missing; ``text`` is what a report says about it."""

    kind: GapKind
    text: str


DIFFERENT_RUNS = EvidenceGap(
    GapKind.DIFFERENT_RUNS,
    "timings come from different runs; make both sides in one run, "
    "or add 'times' to environment.may_differ",
)


def evidence_gap(pairing: Pairing, *, minimum: int, unmatched_share: float) -> EvidenceGap | None:
    """What is missing for a rule; None when the evidence is enough."""
    if pairing.unscorable:
        count = len(pairing.unscorable)
        text = f"{count} clips have no value: {prompt_list(pairing.unscorable)}"
        if not pairing.pairs and all(NO_REFERENCE in one for one in pairing.unscorable):
            text = f"there is {NO_REFERENCE}; take a policy without it: --policy no-reference"
        return EvidenceGap(GapKind.UNSCORABLE, text)
    if not pairing.abstentions_have_a_rule and (gap := abstention_gap(pairing)):
        return gap
    unmatched = prompt_list(pairing.unmatched)
    if not pairing.pairs and pairing.unmatched:
        text = f"no prompt was measured on both sides: {unmatched}"
        return EvidenceGap(GapKind.UNMATCHED, text)
    if pairing.examined < minimum:
        more = f"; unmatched: {unmatched}" if pairing.unmatched else ""
        text = f"{len(pairing.pairs)} prompts measured on both sides, {minimum} needed{more}"
        return EvidenceGap(GapKind.TOO_FEW_PROMPTS, text)
    if len(pairing.unmatched) > unmatched_share * pairing.prompts:
        text = f"{len(pairing.unmatched)} prompts are unmatched: {unmatched}"
        return EvidenceGap(GapKind.UNMATCHED, text)
    return None


def abstention_gap(pairing: Pairing) -> EvidenceGap | None:
    """Most prompts have no value: the few that were measured do not speak for all."""
    count = len(pairing.abstained) + pairing.abstained_on_one_side
    if count <= len(pairing.pairs):
        return None
    named = prompt_list((*pairing.abstained, *pairing.one_sided[0], *pairing.one_sided[1]))
    where = "on one side or both" if pairing.abstained_on_one_side else "on either side"
    return EvidenceGap(GapKind.UNSCORABLE, f"{count} prompts have no value {where}: {named}")


def category_gap(category: str, prompts: int, minimum: int) -> EvidenceGap | None:
    if prompts >= minimum:
        return None
    text = f"{category}: {prompts} prompts, {minimum} needed"
    return EvidenceGap(GapKind.TOO_FEW_PROMPTS, text)


@dataclass(frozen=True, slots=True)
class PromptHarm:
    """How much worse one prompt got, in the measure's unit; ``unit`` is the prompt's id."""

    unit: str
    prompt: str
    worse_by: float


@dataclass(frozen=True, slots=True)
class NamedClip:
    """A clip that a check names, by its key, and what the check says of it."""

    key: str
    text: str


def clip_list(found: Sequence[NamedClip]) -> str:
    """What is said of the first few, and how many more there are."""
    return prompt_list([one.text for one in found])


def with_named_clips(check: "Check", found: Sequence[NamedClip]) -> "Check":
    return replace(
        check,
        missing=tuple(one.text for one in found),
        clips=tuple(one.key for one in found),
    )


@dataclass(frozen=True, slots=True)
class Check:
    """One rule.

    ``value`` is compared with ``limit``. It is how much worse the candidate is (positive is worse),
    or the candidate's own value for a floor or a ceiling. ``above`` is True when values above the
    limit break the rule. ``lower`` and ``upper`` are one-sided 95 % bounds of ``value``.
    ``evidenced`` is False when evidence is missing or bad, which no waiver excuses.
    ``harm_p`` is the p-value of the claim that the rule is broken; all such claims of one verdict
    are corrected together. ``clips`` are the keys of the clips that are beyond the limit, or that
    ``missing`` names, the worst first. ``abstained`` are prompts that were left out, because
    neither side has a value.
    """

    rule: RuleField
    tier: RuleTier
    verdict: Verdict
    reason: str
    measure: str | None = None
    unit: str = ""
    evidenced: bool = True
    n: int = 0
    baseline: float | None = None
    candidate: float | None = None
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    limit: float | None = None
    above: bool = True
    harm_p: float | None = None
    shift: float | None = None
    flips_p: float | None = None
    n_needed: int | None = None
    worst: tuple[PromptHarm, ...] = ()
    missing: tuple[str, ...] = ()
    clips: tuple[str, ...] = ()
    abstained: tuple[str, ...] = ()
    waived: str | None = None

    @property
    def is_limit(self) -> bool:
        """Whether ``value`` is the candidate's own value rather than a difference."""
        return self.rule.is_limit

    @property
    def blocks(self) -> bool:
        """Whether this check alone keeps the candidate from passing."""
        if self.tier is RuleTier.ADVISORY or self.waived or self.verdict is Verdict.PASS:
            return False
        undecided = self.verdict is Verdict.INCONCLUSIVE and self.evidenced
        return not (undecided and self.tier is RuleTier.SUPPORTING)


def blank_check(
    tier: RuleTier,
    pairing: Pairing,
    kind: RuleKind,
    limit: float | None,
    category: str | None = None,
) -> Check:
    """What every check of a metric has, before its rule is applied."""
    pairs, measure = pairing.pairs, pairing.measure
    rule = RuleRef(measure.id, kind, category)
    return Check(
        rule=rule,
        tier=tier,
        verdict=Verdict.INCONCLUSIVE,
        reason="",
        measure=measure.id,
        unit="share" if rule.is_share else measure.unit,
        n=len(pairs),
        baseline=fmean(pair.baseline for pair in pairs) if pairs else None,
        candidate=fmean(pair.candidate for pair in pairs) if pairs else None,
        limit=limit,
        worst=worst_of(pairing),
        missing=(*pairing.unscorable, *pairing.unmatched),
        clips=pairing.missing_keys,
        abstained=pairing.abstained,
    )


def worst_of(pairing: Pairing, count: int = WORST_KEPT) -> tuple[PromptHarm, ...]:
    """The prompts that got worse the most, worst first; only those that got worse."""
    return tuple(one for one in rank_harms(pairing)[:count] if one.worse_by > 0)


def rank_harms(pairing: Pairing) -> list[PromptHarm]:
    harms = sorted(zip(-pairing.differences(), pairing.pairs, strict=True), key=lambda one: -one[0])
    return [PromptHarm(pair.unit, pair.prompt, float(harm)) for harm, pair in harms]


def with_too_few_prompts(check: Check, pairing: Pairing) -> Check:
    """Evidence is missing, unless the metric abstained alike and the policy has a rule on that."""
    reason = f"a confidence interval needs at least 2 prompts, got {check.n}"
    alike = pairing.abstentions_have_a_rule and bool(pairing.abstained)
    return replace(check, reason=reason, evidenced=alike)


def prompts_to_decide(check: Check) -> str:
    return f"; about {check.n_needed} prompts would decide it" if check.n_needed else ""


def check_net_share(check: Check, net: NetShare, reason: str) -> Check:
    """PASS where the upper bound of the share is within the limit."""
    assert check.limit is not None
    limit, (lower, upper) = check.limit, net.bounds()
    check = replace(
        check,
        value=net.value,
        lower=lower,
        upper=upper,
        harm_p=net.harm_p(limit),
        n_needed=share_needed(net.excess, net.n, at_most=limit),
    )
    if upper <= limit:
        return replace(check, verdict=Verdict.PASS, reason=reason)
    bound = f"; the upper bound of the share is {upper:.0%}"
    return replace(check, reason=f"{reason}{bound}{prompts_to_decide(check)}")
