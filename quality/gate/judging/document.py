"""The verdict as a JSON document, with all that reports show and all that judging again needs."""

import math
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter

from framegate.quality.gate.evidence.content import content_id_of
from framegate.quality.gate.evidence.evidence import Evidence
from framegate.quality.gate.judging.check import Check
from framegate.quality.gate.judging.judge import BudgetDecision, GateResult, judge
from framegate.quality.gate.judging.waivers import WaiverResult
from framegate.quality.gate.policy.policy import PolicyFile, parse_policy
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import read_json_file
from framegate.telemetry.platform.verdict import Verdict

VERSION: Literal[2] = 2
SCHEMA_ID = "framegate gate verdict, version 2"

NUMBERS = ("baseline", "candidate", "value", "lower", "upper", "limit", "harm_p")


@dataclass(frozen=True, slots=True)
class PolicyText:
    """The text of the policy file, and its path."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class VerdictDocument:
    """A verdict with its policy and evidence; nothing else had a part in it.

    ``candidate_content`` is the candidate's ``content_id_of``, which waivers name.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    version: Literal[2]
    framegate: str
    verdict: Verdict
    reason: str
    judged_at: datetime
    policy: PolicyText
    baseline: Evidence
    candidate: Evidence
    checks: tuple[Check, ...]
    waivers: tuple[WaiverResult, ...]
    budget: BudgetDecision | None
    candidate_content: str = ""

    @property
    def policy_file(self) -> PolicyFile:
        return parse_policy(self.policy.text, path=self.policy.path)


DOCUMENT = TypeAdapter(VerdictDocument)


def document_of(judgement: GateResult, policy: PolicyFile) -> VerdictDocument:
    return VerdictDocument(
        version=VERSION,
        framegate=version("framegate"),
        verdict=judgement.verdict,
        reason=judgement.reason,
        judged_at=judgement.judged_at,
        policy=PolicyText(policy.path, policy.text),
        baseline=judgement.baseline,
        candidate=judgement.candidate,
        checks=judgement.checks,
        waivers=judgement.waivers,
        budget=judgement.budget,
        candidate_content=content_id_of(judgement.candidate),
    )


def dump_document(document: VerdictDocument) -> bytes:
    """The document as JSON; it has no NaN or infinity, since such values became reasons."""
    return DOCUMENT.dump_json(document, indent=1) + b"\n"


def read_document(path: Path) -> VerdictDocument:
    """Raises InputError for a file that is not a verdict of this version."""
    return read_json_file(path, DOCUMENT)


def replay_document(document: VerdictDocument) -> VerdictDocument:
    """Judge a document again from its evidence; raises InputError if the result differs."""
    policy = document.policy_file
    again = judge(
        document.baseline,
        document.candidate,
        policy.policy,
        at=document.judged_at,
        waivers=[ruling.waiver for ruling in document.waivers],
        budget=document.budget,
    )
    if again.verdict is not document.verdict:
        stated, found = document.verdict, again.verdict
        raise InputError(f"the document says {stated}, but its own evidence gives {found}")
    altered = [
        str((check or other).rule)
        for check, other in zip_longest(document.checks, again.checks)
        if check is None or other is None or not is_same_check(check, other)
    ]
    if altered:
        named = ", ".join(altered[:3])
        raise InputError(f"the document's checks do not follow from its evidence: {named}")
    found_document = document_of(again, policy)
    if document.candidate_content not in ("", found_document.candidate_content):
        said = f"the document says that the candidate's content is {document.candidate_content}"
        raise InputError(f"{said}, but its evidence is {found_document.candidate_content}")
    return found_document


def is_same_check(check: Check, other: Check) -> bool:
    """Whether two checks are equal, apart from the last digits, which differ between machines."""
    plain = ("rule", "tier", "verdict", "evidenced", "n", "waived")
    if any(getattr(check, name) != getattr(other, name) for name in plain):
        return False
    return all(is_close(getattr(check, name), getattr(other, name)) for name in NUMBERS)


def is_close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9)


def schema() -> dict[str, Any]:
    """The JSON Schema of a verdict."""
    found = DOCUMENT.json_schema(mode="serialization")
    found["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    found["title"] = SCHEMA_ID
    return found
