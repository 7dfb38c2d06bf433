"""What people decide about objectives: silences, corrections of budgets, bypasses of the gate.

Each is written down with who and why, is never changed, and may be taken back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from framegate.slo.counting.series import MinuteSpan
from framegate.slo.judging.change_request import RolloutKind
from framegate.slo.judging.journal import JournalEntry
from framegate.telemetry.platform.clock import DAY_NS, MINUTE_NS
from framegate.telemetry.platform.strict_file import StrictModel

LONGEST_NS = 366 * DAY_NS
LONGEST_BYPASS_NS = 7 * DAY_NS

DecisionText = Annotated[str, Field(min_length=1, max_length=1_000)]
DecisionLabels = Annotated[dict[DecisionText, str], Field(min_length=1, max_length=20)]
UnixNanoseconds = Annotated[int, Field(ge=0, lt=2**63)]


class DecisionRequest(StrictModel):
    """Labels that all must match exactly, and when; Unix nanoseconds, the end not included."""

    labels: DecisionLabels
    start_ns: UnixNanoseconds
    end_ns: UnixNanoseconds
    author: DecisionText
    reason: DecisionText

    @model_validator(mode="after")
    def check_length(self) -> Self:
        if not 0 < self.end_ns - self.start_ns <= self.longest_ns():
            days = self.longest_ns() // DAY_NS
            raise ValueError(f"it must end after its start, within {days} days")
        return self

    @classmethod
    def longest_ns(cls) -> int:
        return LONGEST_NS

    def body(self) -> dict[str, Any]:
        """What is particular to it."""
        return self.model_dump(mode="json", exclude={"author", "reason"})


class SilenceRequest(DecisionRequest):
    """Nobody is told of these alerts."""


class CorrectionRequest(DecisionRequest):
    """These minutes count for nothing."""


class BypassRequest(DecisionRequest):
    """These changes pass the gate, whatever the budget."""

    changes: Annotated[tuple[RolloutKind, ...], Field(min_length=1)] = tuple(RolloutKind)

    @classmethod
    def longest_ns(cls) -> int:
        return LONGEST_BYPASS_NS


# By the path that they are asked for at.
DECISION_REQUESTS: Mapping[str, type[DecisionRequest]] = {
    "silences": SilenceRequest,
    "corrections": CorrectionRequest,
    "bypasses": BypassRequest,
}


@dataclass(frozen=True, slots=True)
class StandingDecision:
    """A decision that nobody took back."""

    number: int
    labels: Mapping[str, str]
    start_ns: int
    end_ns: int
    author: str
    reason: str
    changes: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(labels.get(name) == value for name, value in self.labels.items())

    def covers(self, labels: Mapping[str, str], *, now_ns: int) -> bool:
        return self.start_ns <= now_ns < self.end_ns and self.matches(labels)

    @property
    def minutes(self) -> MinuteSpan:
        """The minutes that lie in it whole."""
        return MinuteSpan(-(-self.start_ns // MINUTE_NS), self.end_ns // MINUTE_NS)

    def __str__(self) -> str:
        return f"{self.number} by {self.author}: {self.reason}"


def standing_decisions(entries: Iterable[JournalEntry]) -> list[StandingDecision]:
    """Those that nobody took back."""
    return [
        StandingDecision(
            entry.number,
            entry.body["labels"],
            entry.body["start_ns"],
            entry.body["end_ns"],
            entry.author,
            entry.reason,
            frozenset(entry.body.get("changes", ())),
        )
        for entry in entries
        if entry.revoked_ns is None
    ]


def first_covering(
    decisions: Sequence[StandingDecision], labels: Mapping[str, str], *, now_ns: int
) -> StandingDecision | None:
    """The first that is in force for these labels."""
    return next((one for one in decisions if one.covers(labels, now_ns=now_ns)), None)
