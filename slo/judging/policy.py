"""Error budget policies: which changes may be rolled out, by the budget that is left.

The idea is from the SRE Workbook, appendix B; here a gate applies the policy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from framegate.slo.judging.change_request import RolloutKind
from framegate.slo.judging.status import SloState, SloStatus
from framegate.slo.objectives.alert_rules import Severity
from framegate.slo.openslo.fields import CamelCaseModel
from framegate.telemetry.platform.strict_file import read_model
from framegate.telemetry.platform.verdict import Verdict, combine_verdicts

DEFAULT_POLICY = Path(__file__).parents[1] / "policies" / "default.yaml"


class PolicyStep(CamelCaseModel):
    """A step applies below a share of budget left, or while an alert of a severity fires.

    ``allow`` lists the changes that may be rolled out then; ``say`` is the message for people.
    """

    name: Annotated[str, Field(min_length=1, max_length=63)]
    budget_left_below: Annotated[Decimal, Field(le=1)] | None = None
    firing: Severity | None = None
    allow: tuple[RolloutKind, ...]
    say: Annotated[str, Field(min_length=1, max_length=1_000)]

    @model_validator(mode="after")
    def check_one_condition(self) -> Self:
        if (self.budget_left_below is None) == (self.firing is None):
            raise ValueError("needs either budgetLeftBelow or firing")
        return self


class ErrorBudgetPolicySpec(CamelCaseModel):
    steps: Annotated[tuple[PolicyStep, ...], Field(min_length=1)]


class ErrorBudgetPolicyMetadata(CamelCaseModel):
    name: Annotated[str, Field(min_length=1)]


class ErrorBudgetPolicy(CamelCaseModel):
    """The contents of the file; every step that applies must allow a change."""

    api_version: Literal["framegate/v1"]
    kind: Literal["ErrorBudgetPolicy"]
    metadata: ErrorBudgetPolicyMetadata
    spec: ErrorBudgetPolicySpec


def load_policy(path: Path = DEFAULT_POLICY) -> ErrorBudgetPolicy:
    """Raises InputError naming file, line and key."""
    return read_model(path, ErrorBudgetPolicy, exact=True)


@dataclass(frozen=True, slots=True)
class RolloutRuling:
    """The ruling on one objective; ``bypass`` is the decision that let the change pass anyway."""

    objective: str
    verdict: Verdict
    reason: str
    step: str | None = None
    bypass: str | None = None


def rule_on(
    policy: ErrorBudgetPolicy, status: SloStatus, firing: Sequence[Severity], change: RolloutKind
) -> RolloutRuling:
    """Apply the policy to one objective."""
    for step in policy.spec.steps:
        if step_applies(step, status, firing) and change not in step.allow:
            return RolloutRuling(status.name, Verdict.FAIL, step.say, step.name)
    if status.state is not SloState.MEASURED:
        return RolloutRuling(
            status.name, Verdict.INCONCLUSIVE, f"not enough data: {status.state.value}"
        )
    return RolloutRuling(
        status.name, Verdict.PASS, f"{status.budget_left:.1%} of the error budget is left"
    )


def step_applies(step: PolicyStep, status: SloStatus, firing: Sequence[Severity]) -> bool:
    if step.firing is not None:
        return step.firing in firing
    assert step.budget_left_below is not None
    left = status.budget_left
    return left is not None and left < step.budget_left_below


def overall_verdict(
    rulings: Sequence[RolloutRuling], without_traffic: Sequence[str] = ()
) -> Verdict:
    """FAIL beats INCONCLUSIVE beats PASS; objectives without traffic are ignored."""
    return combine_verdicts(one.verdict for one in rulings if one.objective not in without_traffic)
