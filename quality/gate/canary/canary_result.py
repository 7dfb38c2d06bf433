"""What a canary's check says: one line for each rule, and the verdict so far."""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from framegate.quality.gate.policy.policy import RuleTier
from framegate.quality.gate.policy.rule_ref import RuleField
from framegate.telemetry.platform.verdict import Verdict


@dataclass(frozen=True, slots=True)
class CanaryCheck:
    """One rule at one check.

    ``examined`` is the number of prompts that it rests on: pairs, or the candidate's own.
    ``at_least`` and ``at_most`` bound ``worse_by``, which is a share of prompts for ``broken`` and
    the candidate's own extreme value for a floor or a ceiling. ``margin`` is the rule's limit.
    """

    rule: RuleField
    tier: RuleTier
    verdict: Verdict
    reason: str
    paired: bool = False
    prompts: tuple[int, int] = (0, 0)
    examined: int = 0
    worse_by: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    margin: float = 0.0


@dataclass(frozen=True, slots=True)
class CanaryResult:
    """The verdict on a canary so far; on INCONCLUSIVE the watch goes on."""

    verdict: Verdict
    reason: str
    looks: tuple[CanaryCheck, ...]


RESULT = TypeAdapter(CanaryResult)


def result_json(found: CanaryResult) -> dict[str, Any]:
    """The result as JSON documents hold it."""
    return dict(RESULT.dump_python(found, mode="json"))
