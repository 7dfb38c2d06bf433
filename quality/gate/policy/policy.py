"""The policy: how much worse a candidate may be, read from a YAML file."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from framegate.quality.gate.policy.keys import public_key
from framegate.quality.gate.policy.measures import GOLDEN_PREFIX, LARGEST_VALUE, MEASURES
from framegate.quality.gate.policy.rule_ref import METRIC_KINDS, RuleRef
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import (
    FilePlace,
    StrictModel,
    parse_documents,
    parse_model,
    read_text,
    suggest_name,
)

DEFAULT_POLICY = Path(__file__).parents[1] / "policies" / "default.yaml"
LIVE_POLICY = DEFAULT_POLICY.with_name("live.yaml")
POLICIES = {
    name: DEFAULT_POLICY.with_name(f"{name}.yaml")
    for name in ("default", "no-reference", "strict", "live")
}

Above0 = Annotated[float, Field(gt=0, le=LARGEST_VALUE, allow_inf_nan=False)]
Finite = Annotated[float, Field(ge=-LARGEST_VALUE, le=LARGEST_VALUE, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Spreads = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


def check_known_measure(name: str) -> str:
    if name not in MEASURES:
        raise ValueError(f"unknown measure{suggest_name(name, MEASURES)}")
    return name


MeasureId = Annotated[str, AfterValidator(check_known_measure)]


class RuleTier(StrEnum):
    """How much a rule counts.

    A ``critical`` rule must be shown to hold. A ``supporting`` rule must not be shown to be broken
    and must have evidence. An ``advisory`` rule is reported and decides nothing.
    """

    CRITICAL = "critical"
    SUPPORTING = "supporting"
    ADVISORY = "advisory"


class WorstPromptsRule(StrictModel):
    """The mean of the worst ``prompts`` differences may be worse by ``margin``."""

    prompts: Count
    margin: Above0


class BrokenShareRule(StrictModel):
    """At most the share ``at_most`` of all prompts may be worse by more than ``worse_by``."""

    worse_by: Above0
    at_most: Share


class BandRule(StrictModel):
    """The mean over prompts may move by less than this, up or down.

    ``margin`` is in the measure's unit, ``spreads`` in standard deviations of the baseline's
    prompts; the larger one holds. With the side ``worse``, a better mean is no fault.
    """

    margin: Above0 | None = None
    spreads: Spreads | None = None
    sides: Literal["both", "worse"] = "both"

    @model_validator(mode="after")
    def check_has_a_width(self) -> Self:
        if self.margin is None and self.spreads is None:
            raise ValueError("has neither margin nor spreads")
        return self


class OutsideShareRule(BandRule):
    """At most the share ``at_most`` of all prompts may be farther from the baseline's median.

    ``spreads`` are standard deviations of a normal distribution with the baseline's quartiles.
    """

    at_most: Share


class AbstentionRule(StrictModel):
    """At most the share ``at_most`` of prompts may have no value on the candidate's side alone.

    For metrics that abstain: with this rule such prompts are left out of the other rules.
    """

    at_most: Share


class CategoryRule(StrictModel):
    """The margin of each category alone, usually wider than that of all prompts."""

    margin: Above0
    minimum_prompts: Annotated[int, Field(ge=2, le=1_000_000)] = 4


class Rule(StrictModel):
    """How much worse one measure may be, in its unit; ``relative_margin`` is a ratio.

    ``floor`` and ``ceiling`` hold for every prompt of the candidate.
    """

    tier: RuleTier = RuleTier.CRITICAL
    margin: Above0 | None = None
    relative_margin: Annotated[float, Field(gt=0, lt=10, allow_inf_nan=False)] | None = None
    floor: Finite | None = None
    ceiling: Finite | None = None
    worst: WorstPromptsRule | None = None
    broken: BrokenShareRule | None = None
    band: BandRule | None = None
    outside: OutsideShareRule | None = None
    abstention: AbstentionRule | None = None
    categories: CategoryRule | None = None
    minimum_prompts: Annotated[int, Field(ge=2, le=1_000_000)] | None = None

    @model_validator(mode="after")
    def check_has_a_rule(self) -> Self:
        if all(getattr(self, kind) is None for kind in METRIC_KINDS):
            raise ValueError(f"has none of {', '.join(METRIC_KINDS)}")
        if self.floor is not None and self.ceiling is not None and self.floor > self.ceiling:
            raise ValueError("has a floor above its ceiling")
        return self


class ErrorBudgetRule(StrictModel):
    """No rollout while the SLO engine's error-budget policy forbids it; no objectives means all."""

    tier: RuleTier = RuleTier.CRITICAL
    objectives: tuple[str, ...] = ()
    change: Literal["feature", "reliability", "security"] = "feature"


EqualOrAny = Literal["equal", "any"]


class DeliveryRule(StrictModel):
    """How far the candidate's clips may differ from the baseline's in length and format.

    ``duration``, ``frames`` and ``frame_rate`` are the largest difference, as a ratio of the
    baseline's value; ``any`` switches a check off. A file with faults fails ``intact`` when the
    baseline's file has none of that kind.
    """

    tier: RuleTier = RuleTier.CRITICAL
    duration: Share | Literal["any"] = 0.02
    frames: Share | Literal["any"] = 0.02
    frame_rate: Share | Literal["any"] = 0.01
    size: EqualOrAny = "equal"
    pixel_format: EqualOrAny = "equal"
    audio: EqualOrAny = "equal"
    intact: EqualOrAny = "equal"


class IdentityRule(StrictModel):
    """Which clips are expected to show the same frames; a PASS needs evidence of different ones.

    ``clips``: a candidate's and the baseline's, where a release should change no picture.
    ``prompts``: those of several prompts of one side. ``references``: the reference footage and a
    side's clip.
    """

    expected: tuple[Literal["clips", "prompts", "references"], ...] = ()


class Environment(StrictModel):
    """``may_differ`` are names of the environment, or their first parts, such as ``host``."""

    may_differ: tuple[str, ...] = ()


class Policy(StrictModel):
    """``unmatched_share`` is the share of prompts that may be missing on one side.

    ``tolerated_broken_share`` is the largest share of broken prompts that a PASS may leave unseen:
    it takes enough prompts that a larger share would have shown itself with 95 %.
    ``approvers`` may sign waivers: public keys in OpenSSH format by name.
    """

    version: Literal[1]
    minimum_prompts: Annotated[int, Field(ge=2, le=1_000_000)]
    unmatched_share: Share
    tolerated_broken_share: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] = 0.1
    metrics: Mapping[MeasureId, Rule]
    error_budget: ErrorBudgetRule | None = None
    environment: Environment = Environment()
    delivery: DeliveryRule = DeliveryRule()
    identity: IdentityRule = IdentityRule()
    approvers: Mapping[str, str] = Field(default_factory=dict)

    @property
    def expected_identity(self) -> frozenset[str]:
        """Which clips may show the same frames; golden metrics are for clips that stay the same."""
        return frozenset(self.identity.expected) | ({"clips"} if self.golden_metrics else set())

    @property
    def golden_metrics(self) -> tuple[str, ...]:
        """The metrics that compare the candidate's clips with the baseline's clips."""
        named = (name for name in self.metrics if name.startswith(GOLDEN_PREFIX))
        return tuple(name.removeprefix(GOLDEN_PREFIX) for name in named)

    @property
    def scored_metrics(self) -> tuple[str, ...]:
        """The metrics that clips must be scored by."""
        return tuple(name for name in self.metrics if MEASURES[name].scored)


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A policy with its path, its text and the line of every key."""

    path: str
    text: str
    policy: Policy
    lines: Mapping[str, int]

    def line(self, rule: RuleRef | str) -> int:
        """The line of a rule or of another path in the policy, or of the nearest one above it."""
        return FilePlace(self.path, self.lines, str(rule)).line


def load_policy(path: Path = DEFAULT_POLICY) -> PolicyFile:
    """Read a policy; raises InputError naming the file, the line, the key and what is wrong."""
    return parse_policy(read_text(path), path=str(path))


def parse_policy(text: str, *, path: str) -> PolicyFile:
    policy = parse_model(text, Policy, source=path)
    (document,) = parse_documents(text, path)
    for name, key in policy.approvers.items():
        try:
            public_key(key)
        except InputError as error:
            place = FilePlace(path, document.lines).at("approvers", name)
            raise InputError(f"{place}: {error}") from error
    return PolicyFile(path, text, policy, document.lines)


def schema() -> dict[str, Any]:
    """The JSON Schema of a policy, for editors and other programs."""
    found = Policy.model_json_schema()
    found["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    found["title"] = "framegate gate policy, version 1"
    found["properties"]["metrics"]["propertyNames"] = {"enum": list(MEASURES)}
    return found
