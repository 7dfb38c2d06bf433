"""framegate gate waive: sign a waiver."""

import json
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from framegate.quality.gate.judging.document import read_document, replay_document
from framegate.quality.gate.judging.waivers import WaivedCandidate, Waiver
from framegate.quality.gate.policy.keys import private_key
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import suggest_name


def waived_candidate(
    rule: str, verdict: Path | None, *, candidate: str | None, content: str | None
) -> WaivedCandidate:
    """The candidate of a verdict that follows from its evidence and has the rule, or as given."""
    if verdict is None:
        if not candidate or not content:
            raise InputError("give --verdict, or both --candidate and --content")
        return WaivedCandidate(candidate, content)
    if candidate or content:
        raise InputError("--verdict names the candidate; leave --candidate and --content out")
    document = replay_document(read_document(verdict))
    rules = [str(check.rule) for check in document.checks]
    if rule not in rules:
        raise InputError(f"{verdict}: has no rule {rule!r}{suggest_name(rule, rules)}")
    return WaivedCandidate(document.candidate.name, document.candidate_content)


def sign_waiver(fields: Mapping[str, str], expires: date, key: Path) -> str:
    """One signed entry of a waivers file, as YAML."""
    password = os.environ.get("FRAMEGATE_KEY_PASSWORD")
    signer = private_key(key, password=password.encode() if password else None)
    waiver = Waiver(**fields, expires=expires).sign(signer)
    items = waiver.model_dump(mode="json").items()
    lines = [f"{name}: {json.dumps(value)}" for name, value in items]
    return "  - " + "\n    ".join(lines) + "\n"
