"""Waivers: signed, dated exceptions for one broken rule and the clips of one candidate.

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
    """``rule`` is the text of a ``RuleRef``, ``candidate`` the name of the excused candidate.

    ``content`` is the candidate's ``content_id_of``. Waivers of versions that did not have it name
    no content, and have no effect.
    """

    rule: Line
    candidate: Line
    content: Annotated[str, Field(max_length=300)] = ""
    reason: Line
    approver: Line
    expires: date
    signature: Annotated[str, Field(max_length=200)] = ""

    def message(self) -> bytes:
        """The signed bytes: all fields but the signature, in a fixed order."""
        fields = self.model_dump(mode="json", exclude={"signature"})
        return json.dumps({"framegate": "waiver", "version": 2, **fields}, sort_keys=True).encode()

    def sign(self, key: Ed25519PrivateKey) -> "Waiver":
        return self.model_copy(update={"signature": sign_message(self.message(), key)})


class WaiverFile(StrictModel):
    version: Literal[1]
    waivers: tuple[Waiver, ...] = ()


@dataclass(frozen=True, slots=True)
class WaivedCandidate:
    """Which candidate is judged: its name and ``content_id_of``."""

    name: str
    content: str


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
    candidate: WaivedCandidate,
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
    candidate: WaivedCandidate,
    today: date,
) -> str | None:
    if waiver.approver not in approvers:
        return f"{waiver.approver} is not an approver in the policy"
    if not waiver.content:
        return "does not name the candidate's content; sign it again with --verdict"
    if not is_signed(waiver.message(), waiver.signature, public_key(approvers[waiver.approver])):
        return f"not signed by {waiver.approver}"
    if today > waiver.expires:
        return f"expired on {waiver.expires}"
    meant = [check for check in checks if str(check.rule) == waiver.rule]
    return candidate_fault(waiver, candidate) or no_effect_reason(meant)


def candidate_fault(waiver: Waiver, candidate: WaivedCandidate) -> str | None:
    """Why the waiver is not for this candidate; None if it is."""
    if waiver.candidate != candidate.name:
        return f"for another candidate: {waiver.candidate}"
    if waiver.content != candidate.content:
        return f"for other content: {waiver.content}, the candidate is {candidate.content}"
    return None


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
    candidate = f"{one.candidate} ({one.content[:19]})" if one.content else one.candidate
    head = f"{one.rule} for {candidate}, by {one.approver} until {one.expires}: {one.reason}"
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
