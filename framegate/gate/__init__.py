"""The release gate: is a candidate model worse than the baseline in any way that a policy names?

In come two sides (model versions, recorded baselines, folders of clips, scores in a collector) and
a policy; out come a verdict, its evidence and its reports. The judging itself is
``framegate.quality.gate``, without clock or socket; this package reads and makes the evidence, and
has the commands. Start at ``run.py``: ``run_and_write`` is one run from top to bottom.

The names below are the public Python API (docs/reference/python-api.md). Each is imported when it
is first used, so that ``import framegate.gate`` loads no numpy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from framegate.quality.gate.evidence.archive import Archive, load_record
    from framegate.quality.gate.evidence.evidence import Clip, Evidence
    from framegate.quality.gate.evidence.folders import ClipFolder, folder_evidence
    from framegate.quality.gate.judging.check import Check
    from framegate.quality.gate.judging.document import (
        VerdictDocument,
        document_of,
        dump_document,
        read_document,
        replay_document,
    )
    from framegate.quality.gate.judging.judge import BudgetDecision, GateResult, judge
    from framegate.quality.gate.judging.waivers import Waiver, load_waivers
    from framegate.quality.gate.policy.policy import (
        POLICIES,
        Policy,
        PolicyFile,
        RuleTier,
        load_policy,
        parse_policy,
    )
    from framegate.quality.gate.policy.rule_ref import RuleKind, RuleRef, parse_rule
    from framegate.quality.gate.policy.suite import Suite, load_suite
    from framegate.telemetry.platform.verdict import Verdict

__all__ = [
    "POLICIES",
    "Archive",
    "BudgetDecision",
    "Check",
    "Clip",
    "ClipFolder",
    "Evidence",
    "GateResult",
    "Policy",
    "PolicyFile",
    "RuleKind",
    "RuleRef",
    "RuleTier",
    "Suite",
    "Verdict",
    "VerdictDocument",
    "Waiver",
    "document_of",
    "dump_document",
    "folder_evidence",
    "judge",
    "load_policy",
    "load_record",
    "load_suite",
    "load_waivers",
    "parse_policy",
    "parse_rule",
    "read_document",
    "replay_document",
]

MODULES = {
    "evidence.archive": ("Archive", "load_record"),
    "evidence.evidence": ("Clip", "Evidence"),
    "evidence.folders": ("ClipFolder", "folder_evidence"),
    "judging.check": ("Check", "Verdict"),
    "judging.document": (
        "VerdictDocument",
        "document_of",
        "dump_document",
        "read_document",
        "replay_document",
    ),
    "judging.judge": ("BudgetDecision", "GateResult", "judge"),
    "judging.waivers": ("Waiver", "load_waivers"),
    "policy.policy": (
        "POLICIES",
        "Policy",
        "PolicyFile",
        "RuleTier",
        "load_policy",
        "parse_policy",
    ),
    "policy.rule_ref": ("RuleKind", "RuleRef", "parse_rule"),
    "policy.suite": ("Suite", "load_suite"),
}
MODULE_OF = {name: module for module, names in MODULES.items() for name in names}


if not TYPE_CHECKING:  # to a type checker, every name would exist

    def __getattr__(name: str) -> Any:
        if name not in MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"framegate.quality.gate.{MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return __all__
