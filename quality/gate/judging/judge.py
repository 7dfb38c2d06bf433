"""The release gate: is the candidate worse than the baseline in any way the policy names?

PASS claims that every metric is not worse than its margin allows, so every metric must show it
(an intersection-union test, which needs no correction).
FAIL claims harm in at least one of several metrics, so the claims are corrected by Holm's method.
Everything else, and above all missing evidence, is INCONCLUSIVE.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from framegate.quality.gate.evidence.content import content_id_of
from framegate.quality.gate.evidence.evidence import Evidence
from framegate.quality.gate.judging.check import Check
from framegate.quality.gate.judging.checks import checks_of
from framegate.quality.gate.judging.delivery import delivery_checks
from framegate.quality.gate.judging.environment import (
    ENVIRONMENT,
    environment_check,
    have_same_times,
    is_scored_by_the_gate,
)
from framegate.quality.gate.judging.harm_claims import apply_harm_claims
from framegate.quality.gate.judging.identity import SAME_REFERENCES, identity_checks
from framegate.quality.gate.judging.mean_test import tails_note
from framegate.quality.gate.judging.shares import prompts_to_see, unseen_share
from framegate.quality.gate.judging.waivers import (
    WaivedCandidate,
    Waiver,
    WaiverResult,
    apply_waivers,
    check_waivers,
)
from framegate.quality.gate.policy.policy import Policy, RuleTier
from framegate.quality.gate.policy.rule_ref import RuleKind, RuleRef
from framegate.telemetry.platform.verdict import Verdict, combine_verdicts

ERROR_BUDGET = RuleRef(None, RuleKind.ERROR_BUDGET)
BROKEN_SHARE = RuleRef(None, RuleKind.TOLERATED_BROKEN_SHARE)
INVALIDATING = (ENVIRONMENT, SAME_REFERENCES)
MAX_RULES_NAMED = 3  # rules in a sentence


@dataclass(frozen=True, slots=True)
class BudgetDecision:
    """Whether the SLO engine's error-budget policy allows a rollout now."""

    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class GateResult:
    """The verdict with its checks and the evidence of both sides."""

    verdict: Verdict
    reason: str
    baseline: Evidence
    candidate: Evidence
    checks: tuple[Check, ...]
    waivers: tuple[WaiverResult, ...]
    judged_at: datetime
    budget: BudgetDecision | None = None


def judge(
    baseline: Evidence,
    candidate: Evidence,
    policy: Policy,
    *,
    at: datetime,
    waivers: Sequence[Waiver] = (),
    budget: BudgetDecision | None = None,
) -> GateResult:
    """Judge a candidate against a baseline; waivers that expired before ``at`` have no effect."""
    same = environment_check(baseline, candidate, policy)
    sides = (baseline.clips, candidate.clips)
    live = not any(is_scored_by_the_gate(side) for side in (baseline, candidate))
    checks = [
        same,
        *delivery_checks(policy, sides, live=live),
        *identity_checks(policy, sides),
        *checks_of(policy, sides, same_times=have_same_times(baseline, candidate, policy)),
    ]
    checks += check_broken_share_unseen(checks, policy)
    if policy.error_budget is not None:
        checks.append(budget_check(budget, policy.error_budget.tier))
    checks = apply_harm_claims(checks)
    waived = WaivedCandidate(candidate.name, content_id_of(candidate))
    found = check_waivers(waivers, policy.approvers, checks, candidate=waived, today=at.date())
    checks = apply_waivers(checks, found)
    verdict = overall_verdict(checks)
    return GateResult(
        verdict=verdict,
        reason=reason_of(verdict, checks),
        baseline=baseline,
        candidate=candidate,
        checks=tuple(checks),
        waivers=found,
        judged_at=at,
        budget=budget,
    )


def check_broken_share_unseen(checks: Sequence[Check], policy: Policy) -> list[Check]:
    """Whether the prompts are enough for a PASS to say that few are broken; none without a metric.

    A fault of one prompt in ten is not in eight prompts with 43 %, whatever their mean says.
    """
    critical = [
        check.n + len(check.abstained) for check in checks if is_critical_over_all_prompts(check)
    ]
    if not critical:
        return []
    n, needed = min(critical), prompts_to_see(policy.tolerated_broken_share)
    check = Check(
        BROKEN_SHARE, RuleTier.CRITICAL, Verdict.PASS, n=n, reason=unseen_text(n), n_needed=needed
    )
    if n >= needed:
        return [check]
    said = f"{check.reason}; {needed} prompts are needed for {policy.tolerated_broken_share:.0%}"
    return [replace(check, verdict=Verdict.INCONCLUSIVE, reason=said, evidenced=False)]


def unseen_text(prompts: int) -> str:
    return f"a fault in up to {unseen_share(prompts):.1%} of prompts could have been missed"


def budget_check(budget: BudgetDecision | None, tier: RuleTier) -> Check:
    if budget is None:
        reason = "error budget not checked; pass --collector"
        return Check(ERROR_BUDGET, tier, Verdict.INCONCLUSIVE, reason, evidenced=False)
    known = budget.verdict is not Verdict.INCONCLUSIVE
    return Check(ERROR_BUDGET, tier, budget.verdict, budget.reason, evidenced=known)


def overall_verdict(checks: Sequence[Check]) -> Verdict:
    """FAIL before INCONCLUSIVE before PASS; a PASS needs a critical rule that was shown to hold.

    If the environments differ, or a side's clip is its own reference, a difference may not come
    from the model, so the verdict is INCONCLUSIVE even where harm was seen.
    """
    if invalidating(checks):
        return Verdict.INCONCLUSIVE
    blocking = [check.verdict for check in checks if check.blocks]
    return combine_verdicts(blocking or [check.verdict for check in critical_passes(checks)])


def invalidating(checks: Sequence[Check]) -> list[Check]:
    """The checks because of which no difference can be put down to the model."""
    return [check for check in checks if check.rule in INVALIDATING and check.blocks]


def critical_passes(checks: Iterable[Check]) -> list[Check]:
    """The critical rules over all prompts that were shown to hold; a PASS needs one."""
    return [
        check
        for check in checks
        if is_critical_over_all_prompts(check) and check.verdict is Verdict.PASS
    ]


def is_critical_over_all_prompts(check: Check) -> bool:
    return (
        check.measure is not None
        and check.tier is RuleTier.CRITICAL
        and check.rule.kind not in (RuleKind.CATEGORIES, RuleKind.ABSTENTION)
    )


def reason_of(verdict: Verdict, checks: Sequence[Check]) -> str:
    """One sentence that names the deciding rules."""
    if verdict is Verdict.PASS:
        prompts = min(check.n for check in critical_passes(checks))
        tails = tails_note({check.rule.label: check.reason for check in critical_passes(checks)})
        held = f"no metric is worse than its margin allows, on {prompts} prompts"
        return f"{held}; {unseen_text(prompts)}{tails}{waived_note(checks)}"
    deciding = [check for check in checks if check.blocks and check.verdict is verdict]
    if deciding:
        first = [check for check in invalidating(checks) if check in deciding]
        said = [f"{check.rule.label}: {check.reason}" for check in first or deciding]
        more = (
            f"; and {len(said) - MAX_RULES_NAMED} more rules" if len(said) > MAX_RULES_NAMED else ""
        )
        return "; ".join(said[:MAX_RULES_NAMED]) + more
    measured = any(check.measure for check in checks)
    return "no critical rule was shown to hold" if measured else "the policy names no metric"


def waived_note(checks: Sequence[Check]) -> str:
    count = sum(check.waived is not None for check in checks)
    return f"; broken rules waived: {count}" if count else ""
