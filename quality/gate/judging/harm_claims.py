"""Claims of harm: several rules are tested at once, so their claims are corrected together.

Without it, an equal model would fail more often the more rules a policy has (Holm's method).
"""

from collections.abc import Sequence
from dataclasses import replace

from framegate.quality.gate.judging.check import Check
from framegate.quality.gate.judging.stats import ALPHA, holm, n_needed_from_p
from framegate.quality.gate.policy.policy import RuleTier
from framegate.quality.gate.policy.rule_ref import RuleKind
from framegate.telemetry.platform.verdict import Verdict


def apply_harm_claims(checks: Sequence[Check]) -> list[Check]:
    """The checks, with FAIL where harm is shown after correction for all claims.

    A floor or a ceiling is a fact about these clips and no statistical claim, so it is not
    counted. Neither are advisory rules, which cannot block.
    """
    claims = [check.harm_p for check in checks if decides(check) and check.harm_p is not None]
    shown = dict(zip(claims, holm(claims), strict=True))
    found = []
    for check in checks:
        p = check.harm_p
        if p is not None and decides(check):
            found.append(apply_harm_claim(check, p, shown[p], claims=len(claims)))
        elif p is not None:
            found.append(apply_harm_claim(check, p, p <= ALPHA, claims=1))
        else:
            found.append(check)
    return found


def decides(check: Check) -> bool:
    return check.tier is not RuleTier.ADVISORY


def apply_harm_claim(check: Check, p: float, shown: bool, *, claims: int) -> Check:
    """The check after its claim of harm was tested with ``claims`` claims in all."""
    if shown:
        return replace(check, verdict=Verdict.FAIL, reason=harm_text(check), evidenced=True)
    if p > ALPHA or not check.evidenced:
        return check
    needed = n_needed_from_p(p, check.n, alpha=ALPHA / claims)
    reason = (
        f"{harm_text(check)}; not significant at {check.n} prompts "
        f"after Holm correction for {claims} claims"
    )
    more = f"; about {needed} prompts would show it" if needed else ""
    return replace(check, reason=reason + more, n_needed=needed)


def harm_text(check: Check) -> str:
    """How much harm was seen, and the limit."""
    text = HARM_TEXTS.get(check.rule.kind, HARM_TEXTS[RuleKind.MARGIN])
    return text.format(
        value=check.value or 0.0,
        limit=check.limit or 0.0,
        n=check.n,
        unit=check.unit,
        moved=check.reason.partition(";")[0],
    )


HARM_TEXTS = {
    RuleKind.MARGIN: "{value:.3g} worse on average over {n} prompts, margin {limit:g}",
    RuleKind.RELATIVE_MARGIN: "{value:.1%} worse on average over {n} prompts, margin {limit:.1%}",
    RuleKind.WORST: "the worst prompts are worse by {value:.3g} on average, margin {limit:g}",
    RuleKind.BROKEN: "{value:.0%} more of {n} prompts got much worse than better; "
    "limit {limit:.0%}",
    RuleKind.BAND: "{moved} by {value:.3g} {unit}, limit {limit:g}",
    RuleKind.OUTSIDE: "{value:.0%} more prompts are outside the baseline's band; limit {limit:.0%}",
    RuleKind.ABSTENTION: "{value:.0%} more prompts than of the baseline have no value; "
    "limit {limit:.0%}",
}
