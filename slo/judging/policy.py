"""Error-budget policies: what may be rolled out while so much of a budget is left.

The idea is the SRE Workbook's appendix B; here the policy is read by a gate and not by people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from framegate.slo.judging.change_request import Change
from framegate.slo.judging.status import SloStatus, State
from framegate.slo.objectives.conditions import Severity
from framegate.slo.openslo.files import ExactLoader
from framegate.slo.openslo.strict_model import fault
from framegate.telemetry.platform.errors import InputError

DEFAULT_POLICY = Path(__file__).parents[1] / "policies" / "default.yaml"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class Step(Strict):
    """Holds while less than a share of the budget is left, or while an alert of a severity fires.

    ``allow`` are the changes that may be rolled out then; ``say`` tells people what to do.
    """

    name: Annotated[str, Field(min_length=1, max_length=63)]
    budget_left_below: Annotated[Decimal, Field(le=1)] | None = None
    firing: Severity | None = None
    allow: tuple[Change, ...]
    say: Annotated[str, Field(min_length=1, max_length=1_000)]

    @model_validator(mode="after")
    def one_condition(self) -> Self:
        if (self.budget_left_below is None) == (self.firing is None):
            raise ValueError("needs budgetLeftBelow or firing, and not both")
        return self


class Spec(Strict):
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]


class Metadata(Strict):
    name: Annotated[str, Field(min_length=1)]


class Policy(Strict):
    """The whole file; of the steps that hold, all must allow a change."""

    api_version: Literal["framegate/v1"]
    kind: Literal["ErrorBudgetPolicy"]
    metadata: Metadata
    spec: Spec


def load_policy(path: Path = DEFAULT_POLICY) -> Policy:
    """Raises InputError naming file, path and value."""
    try:
        return Policy.model_validate(yaml.load(path.read_text(), ExactLoader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: {error}") from error
    except ValidationError as error:
        raise InputError(f"{path}: {fault(error)}") from error


class Verdict(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


EXIT_CODES: Mapping[Verdict, int] = {
    Verdict.PASS: 0,
    Verdict.FAIL: 1,
    Verdict.INCONCLUSIVE: 3,
}


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the policy says of one objective; ``bypass`` names who let the change pass anyway."""

    objective: str
    verdict: Verdict
    reason: str
    step: str | None = None
    bypass: str | None = None


def ruling(policy: Policy, status: SloStatus, firing: Sequence[Severity], change: Change) -> Ruling:
    """Whether a change may be rolled out, as far as this objective goes."""
    for step in policy.spec.steps:
        if holds(step, status, firing) and change not in step.allow:
            return Ruling(status.name, Verdict.FAIL, step.say, step.name)
    if status.state is not State.MEASURED:
        return Ruling(status.name, Verdict.INCONCLUSIVE, f"nothing is known: {status.state.value}")
    return Ruling(status.name, Verdict.PASS, f"{status.budget_left:.1%} of the budget is left")


def holds(step: Step, status: SloStatus, firing: Sequence[Severity]) -> bool:
    if step.firing is not None:
        return step.firing in firing
    assert step.budget_left_below is not None
    left = status.budget_left
    return left is not None and left < step.budget_left_below


def overall(rulings: Sequence[Ruling], without_traffic: Sequence[str] = ()) -> Verdict:
    """FAIL beats INCONCLUSIVE beats PASS; objectives without traffic say nothing.

    Having heard nothing at all is not a pass.
    """
    found = {one.verdict for one in rulings if one.objective not in without_traffic}
    if Verdict.FAIL in found:
        return Verdict.FAIL
    if not found or Verdict.INCONCLUSIVE in found:
        return Verdict.INCONCLUSIVE
    return Verdict.PASS
