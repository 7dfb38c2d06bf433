"""The decisions that people may send: silences, corrections of budgets, bypasses of the gate.

Each is stored with its author and reason, is never changed, and can be revoked.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from framegate.slo.judging.change_request import RolloutKind
from framegate.telemetry.platform.clock import DAY_NS
from framegate.telemetry.platform.strict_file import StrictModel

LONGEST_NS = 366 * DAY_NS
LONGEST_BYPASS_NS = 7 * DAY_NS

DecisionText = Annotated[str, Field(min_length=1, max_length=1_000)]
DecisionLabels = Annotated[dict[DecisionText, str], Field(min_length=1, max_length=20)]
UnixNanoseconds = Annotated[int, Field(ge=0, lt=2**63)]


class DecisionRequest(StrictModel):
    """Labels that must all match exactly, and a time span in Unix nanoseconds without its end."""

    labels: DecisionLabels
    start_ns: UnixNanoseconds
    end_ns: UnixNanoseconds
    author: DecisionText
    reason: DecisionText

    @model_validator(mode="after")
    def check_length(self) -> Self:
        if not 0 < self.end_ns - self.start_ns <= self.longest_ns():
            days = self.longest_ns() // DAY_NS
            raise ValueError(f"end_ns must be after start_ns and at most {days} days later")
        return self

    @classmethod
    def longest_ns(cls) -> int:
        return LONGEST_NS

    def body(self) -> dict[str, Any]:
        """Everything but author and reason, as it is stored."""
        return self.model_dump(mode="json", exclude={"author", "reason"})


class SilenceRequest(DecisionRequest):
    """Suppress the messages of these alerts."""


class CorrectionRequest(DecisionRequest):
    """Exclude these minutes from the error budgets."""


class BypassRequest(DecisionRequest):
    """Let these changes pass the gate regardless of the budget."""

    changes: Annotated[tuple[RolloutKind, ...], Field(min_length=1)] = tuple(RolloutKind)

    @classmethod
    def longest_ns(cls) -> int:
        return LONGEST_BYPASS_NS


# The kinds of decisions, by their path below /slo/.
DECISION_REQUESTS: Mapping[str, type[DecisionRequest]] = {
    "silences": SilenceRequest,
    "corrections": CorrectionRequest,
    "bypasses": BypassRequest,
}
