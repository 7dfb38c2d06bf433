"""Which rule of a policy is meant: a type in code, one text in every document.

The text is the rule's path in the policy file, such as ``metrics.ssim_wang_rgb_v1.margin`` or
``metrics.flicker_fr_v1.categories.faces`` or ``delivery.frames``. Verdicts, waivers and reports
store it; only this module writes and parses it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

METRICS = "metrics."


class RuleKind(StrEnum):
    """What a rule checks. The last five are about the evidence or the run and have no metric."""

    MARGIN = "margin"
    RELATIVE_MARGIN = "relative_margin"
    FLOOR = "floor"
    CEILING = "ceiling"
    WORST = "worst"
    BROKEN = "broken"
    BAND = "band"
    OUTSIDE = "outside"
    ABSTENTION = "abstention"
    CATEGORIES = "categories"
    ENVIRONMENT = "environment"
    DELIVERY = "delivery"
    IDENTITY = "identity"
    TOLERATED_BROKEN_SHARE = "tolerated_broken_share"
    ERROR_BUDGET = "error_budget"


EVIDENCE_KINDS = (
    RuleKind.ENVIRONMENT,
    RuleKind.DELIVERY,
    RuleKind.IDENTITY,
    RuleKind.TOLERATED_BROKEN_SHARE,
)
RUN_KINDS = (*EVIDENCE_KINDS, RuleKind.ERROR_BUDGET)
SHARE_KINDS = (RuleKind.RELATIVE_MARGIN, RuleKind.BROKEN, RuleKind.OUTSIDE, RuleKind.ABSTENTION)
METRIC_KINDS = tuple(kind for kind in RuleKind if kind not in RUN_KINDS)


@dataclass(frozen=True, slots=True)
class RuleRef:
    """One rule.

    ``category`` is a category of prompts, or which rule of a kind without a metric, such as
    ``frames`` of delivery.
    """

    metric: str | None
    kind: RuleKind
    category: str | None = None

    def __str__(self) -> str:
        return metric_path(self.path) if self.metric else self.path

    @property
    def path(self) -> str:
        """The text without ``metrics.``."""
        return self.detail if self.metric is None else f"{self.metric}.{self.detail}"

    @property
    def detail(self) -> str:
        """What follows the metric."""
        return self.kind.value if self.category is None else f"{self.kind}.{self.category}"

    @property
    def label(self) -> str:
        """The short name in sentences and reports: a plain margin goes by its metric."""
        if self.metric is not None and self.kind is RuleKind.MARGIN:
            return self.metric
        return self.path

    @property
    def is_limit(self) -> bool:
        """Whether the rule limits the candidate's own values rather than the difference."""
        return self.kind in (RuleKind.FLOOR, RuleKind.CEILING)

    @property
    def is_two_sided(self) -> bool:
        """Whether both more and less of the measure are harm."""
        return self.kind in (RuleKind.BAND, RuleKind.OUTSIDE)

    @property
    def is_about_evidence(self) -> bool:
        """Whether the rule is about the evidence rather than how good the candidate is."""
        return self.kind in EVIDENCE_KINDS

    @property
    def is_share(self) -> bool:
        """Whether the rule's limit is a ratio."""
        return self.kind in SHARE_KINDS


def metric_path(metric: str) -> str:
    """The path of a metric's rules in the policy."""
    return f"{METRICS}{metric}"


def parse_rule(text: str) -> RuleRef:
    """The rule that a text names; raises ValueError for a text that names none.

    Metric ids and categories may hold dots. No metric id holds ``.categories``, so a category is
    looked for first: ``metrics.x.categories.margin`` is the category "margin".
    """
    head, _, rest = text.partition(".")
    if head in RUN_KINDS:
        return RuleRef(None, RuleKind(head), rest or None)
    path = text.removeprefix(METRICS)
    metric, inside, category = path.partition(f".{RuleKind.CATEGORIES}.")
    if not inside:
        metric, _, kind = path.rpartition(".")
    if path == text or not metric or (not inside and kind not in METRIC_KINDS):
        raise ValueError(f"{text!r} is not a rule, such as metrics.ssim_wang_rgb_v1.margin")
    if inside:
        return RuleRef(metric, RuleKind.CATEGORIES, category)
    return RuleRef(metric, RuleKind(kind))


# A rule in a JSON document: its text, which is what version 1 and 2 of a verdict hold.
RuleField = Annotated[
    RuleRef,
    BeforeValidator(lambda value: parse_rule(value) if isinstance(value, str) else value),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string"}),
]
