"""Explains each rule of a verdict in sentences."""

from collections.abc import Iterator

from framegate.quality.gate.evidence.pairing import prompt_list
from framegate.quality.gate.judging.check import Check
from framegate.quality.gate.judging.document import VerdictDocument
from framegate.quality.gate.reports.numbers import amount, difference, limit_text
from framegate.telemetry.platform.verdict import Verdict


def explain_checks(document: VerdictDocument) -> Iterator[str]:
    """A paragraph for every rule, blocking rules first."""
    policy = document.policy_file
    for check in sorted(document.checks, key=lambda check: not check.blocks):
        yield f"{check.verdict} {check.rule.label} ({policy.path}:{policy.line(check.rule)})"
        yield from (f"  {line}" for line in explain_check(check))


def explain_check(check: Check) -> Iterator[str]:
    yield f"{check.reason}; {role(check)}"
    if check.lower is not None and check.upper is not None:
        yield (
            f"worse by {difference(check.value, check.unit)}; "
            f"at least {difference(check.lower, check.unit)} and "
            f"at most {difference(check.upper, check.unit)} (95 % each); "
            f"limit {limit_text(check)}; {check.n} prompts"
        )
    if check.harm_p is not None:
        yield f"p-value of 'not worse than the limit': {check.harm_p:.3g}{corroboration(check)}"
    if check.verdict is Verdict.INCONCLUSIVE and check.n_needed:
        yield f"about {check.n_needed} prompts like these would decide it"
    yield from (f"worst: {one.prompt} ({one.worse_by:.4g})" for one in check.worst[:3])
    if check.abstained:
        yield f"left out, no value on either side: {prompt_list(check.abstained)}"
    if check.waived:
        yield f"waived: {check.waived}"


def role(check: Check) -> str:
    if check.verdict is Verdict.PASS:
        return check.tier.value
    return f"{check.tier}, {'blocks' if check.blocks else 'does not block'}"


def corroboration(check: Check) -> str:
    found = []
    if check.flips_p is not None:
        found.append(f"sign-flip test p {check.flips_p:.3g}")
    if check.shift is not None:
        found.append(f"Hodges-Lehmann shift {amount(check.shift)}")
    return f" ({', '.join(found)})" if found else ""
