"""A verdict as SARIF 2.1.0 (OASIS), for code scanning: what does not hold, at its line."""

import json
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from framegate.quality.gate.judging.check import Check
from framegate.quality.gate.judging.document import VerdictDocument
from framegate.telemetry.platform.verdict import Verdict

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
LEVELS = {Verdict.FAIL: "error", Verdict.INCONCLUSIVE: "warning"}


def sarif(document: VerdictDocument) -> bytes:
    run = {
        "tool": {
            "driver": {
                "name": "framegate",
                "version": document.framegate,
                "rules": [
                    {"id": str(check.rule), "shortDescription": {"text": rule_description(check)}}
                    for check in document.checks
                ],
            }
        },
        # Code scanning makes an alert of every result, of one that passes as well.
        "results": [
            result(document, n)
            for n, check in enumerate(document.checks)
            if check.verdict is not Verdict.PASS
        ],
        "invocations": [
            {
                "executionSuccessful": document.verdict is not Verdict.INCONCLUSIVE,
                "endTimeUtc": f"{document.judged_at:%Y-%m-%dT%H:%M:%SZ}",
            }
        ],
        "properties": {
            "verdict": document.verdict.value,
            "reason": document.reason,
            "baseline": document.baseline.name,
            "candidate": document.candidate.name,
        },
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=1).encode() + b"\n"


def rule_description(check: Check) -> str:
    return f"{check.rule.path}, {check.tier}" + (
        "" if check.limit is None else f", limit {check.limit:g}"
    )


def result(document: VerdictDocument, index: int) -> dict[str, Any]:
    check, policy = document.checks[index], document.policy_file
    found: dict[str, Any] = {
        "ruleId": str(check.rule),
        "ruleIndex": index,
        "kind": "fail",
        "level": LEVELS[check.verdict] if check.blocks else "note",
        "message": {"text": f"{check.verdict}: {check.reason}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(PurePath(policy.path).as_posix())},
                    "region": {"startLine": policy.line(check.rule)},
                }
            }
        ],
        "partialFingerprints": {"rule/v1": str(check.rule)},
        "properties": {"verdict": check.verdict.value, "tier": check.tier.value, "n": check.n},
    }
    if check.waived:
        found["suppressions"] = [{"kind": "external", "justification": check.waived}]
    return found
