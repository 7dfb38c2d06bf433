"""Waivers: signed, dated exceptions for one broken rule and one candidate.

An approver of the policy signs with an SSH key (ed25519). A waiver excuses a finding; it does not
replace missing evidence.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field

from framegate.quality.gate.judging.check import Check
from framegate.quality.gate.policy.keys import is_signed, public_key, sign_message
from framegate.telemetry.platform.strict_file import StrictModel, read_model
from framegate.telemetry.platform.verdict import Verdict

Line = Annotated[str, Field(min_length=1, max_length=300)]


class Waiver(StrictModel):
    """``rule`` is the text of a ``RuleRef``, ``candidate`` the name of the excused candidate."""

    rule: Line
    candidate: Line
    reason: Line
    approver: Line
    expires: date
    signature: Annotated[str, Field(max_length=200)] = ""

    def message(self) -> bytes:
        """The signed bytes: all fields but the signature, in a fixed order."""
        fields = self.model_dump(mode="json", exclude={"signature"})
        return json.dumps({"framegate": "waiver", "version": 1, **fields}, sort_keys=True).encode()

    def sign(self, key: Ed25519PrivateKey) -> "Waiver":
        return self.model_copy(update={"signature": sign_message(self.message(), key)})


class WaiverFile(StrictModel):
    version: Literal[1]
    waivers: tuple[Waiver, ...] = ()


@dataclass(frozen=True, slots=True)
class WaiverResult:
    """A waiver, and the reason why it has no effect; None if it has."""

    waiver: Waiver
    fault: str | None


def load_waivers(path: Path) -> tuple[Waiver, ...]:
    """Raises InputError naming the file, the line and what is wrong."""
    return read_model(path, WaiverFile).waivers


def check_waivers(
    waivers: Sequence[Waiver],
    approvers: Mapping[str, str],
    checks: Sequence[Check],
    *,
    candidate: str,
    today: date,
) -> tuple[WaiverResult, ...]:
    """The result of every waiver."""
    return tuple(
        WaiverResult(waiver, fault_of(waiver, approvers, checks, candidate=candidate, today=today))
        for waiver in waivers
    )


def fault_of(
    waiver: Waiver,
    approvers: Mapping[str, str],
    checks: Sequence[Check],
    *,
    candidate: str,
    today: date,
) -> str | None:
    if waiver.approver not in approvers:
        return f"{waiver.approver} is not an approver in the policy"
    if not is_signed(waiver.message(), waiver.signature, public_key(approvers[waiver.approver])):
        return f"not signed by {waiver.approver}"
    if today > waiver.expires:
        return f"expired on {waiver.expires}"
    if waiver.candidate != candidate:
        return f"for another candidate: {waiver.candidate}"
    return no_effect_reason([check for check in checks if str(check.rule) == waiver.rule])


def no_effect_reason(meant: Sequence[Check]) -> str | None:
    if not meant:
        return "no such rule in the policy"
    if all(check.verdict is Verdict.PASS for check in meant):
        return "not needed: the rule holds"
    if not all(check.evidenced for check in meant):
        return "evidence is missing and cannot be waived"
    return None


def describe_waiver(ruling: WaiverResult) -> str:
    """One line for reports."""
    one = ruling.waiver
    head = f"{one.rule} for {one.candidate}, by {one.approver} until {one.expires}: {one.reason}"
    return f"{head} [no effect: {ruling.fault}]" if ruling.fault else head


def apply_waivers(checks: Sequence[Check], found: Sequence[WaiverResult]) -> list[Check]:
    """The checks, those with a valid waiver marked."""
    valid = {one.waiver.rule: describe_waiver(one) for one in found if one.fault is None}
    return [
        replace(check, waived=valid[str(check.rule)])
        if str(check.rule) in valid and check.verdict is not Verdict.PASS
        else check
        for check in checks
    ]
