"""Alert conditions: burn rates over windows (Google SRE Workbook, chapter 5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from framegate.slo.objectives.budgeting import Share
from framegate.slo.objectives.burn import burns_at_least, burns_faster
from framegate.telemetry.platform.clock import DAY_MINUTES

MONTH_DAYS = (28, 31)  # periods of this length count as a month
SHORT_WINDOW_DIVISOR = 12  # a short window is the long one divided by this


class Severity(StrEnum):
    PAGE = "page"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True)
class Condition:
    """Fires after both windows burned faster than ``factor`` for ``after_minutes``.

    Without ``short_minutes`` only the long window counts.
    ``at_least``: a burn rate equal to the factor is enough.
    """

    name: str
    severity: Severity
    factor: Fraction
    long_minutes: int
    short_minutes: int | None = None
    after_minutes: int = 0
    at_least: bool = False

    def burns(self, share: Share, target: Decimal) -> bool | None:
        """Whether one window burns fast enough; None without traffic."""
        return (burns_at_least if self.at_least else burns_faster)(share, target, self.factor)

    def can_fire(self, target: Decimal) -> bool:
        """Whether it can fire at all: the highest possible burn rate is that of 100 % bad."""
        highest = self.factor * (1 - Fraction(target))
        return highest <= 1 if self.at_least else highest < 1


@dataclass(frozen=True, slots=True)
class Tier:
    """Fires when ``budget_share`` of a month's budget is spent within ``month_minutes``."""

    name: str
    severity: Severity
    budget_share: Fraction
    month_minutes: int


TIERS = (
    Tier("page-fast", Severity.PAGE, Fraction(2, 100), 60),
    Tier("page-slow", Severity.PAGE, Fraction(5, 100), 360),
    Tier("ticket-fast", Severity.TICKET, Fraction(10, 100), DAY_MINUTES),
    Tier("ticket-slow", Severity.TICKET, Fraction(10, 100), 3 * DAY_MINUTES),
)


def standard_conditions(period_seconds: int) -> tuple[Condition, ...]:
    """The Workbook's tiers for any period: factor = share of budget * period / long window.

    A month has windows of 1 h, 6 h, 1 d and 3 d. Windows of any other period are scaled with its
    length, so that the factors stay at about 14.4, 6, 3 and 1.
    """
    minutes = period_seconds // 60
    days = Fraction(minutes, DAY_MINUTES)
    scale = Fraction(1) if MONTH_DAYS[0] <= days <= MONTH_DAYS[1] else days / 30
    conditions = []
    for tier in TIERS:
        long = round_up(tier.month_minutes * scale)
        factor = tier.budget_share * minutes / long
        short = round_up(Fraction(long, SHORT_WINDOW_DIVISOR))
        conditions.append(Condition(tier.name, tier.severity, factor, long, short))
    return tuple(conditions)


def simple_conditions(_: int) -> tuple[Condition, ...]:
    """One page: the budget burns three times too fast for an hour."""
    return (Condition("page", Severity.PAGE, Fraction(3), 60),)


def no_conditions(_: int) -> tuple[Condition, ...]:
    """No alerts."""
    return ()


def page_conditions(period_seconds: int) -> tuple[Condition, ...]:
    """The standard conditions with severity page."""
    return tuple(
        one for one in standard_conditions(period_seconds) if one.severity is Severity.PAGE
    )


def ticket_conditions(period_seconds: int) -> tuple[Condition, ...]:
    """The standard conditions with severity ticket."""
    return tuple(
        one for one in standard_conditions(period_seconds) if one.severity is Severity.TICKET
    )


POLICIES: Mapping[str, Callable[[int], tuple[Condition, ...]]] = {
    "standard": standard_conditions,
    "simple": simple_conditions,
    "pages": page_conditions,
    "tickets": ticket_conditions,
    "none": no_conditions,
}


def round_up(minutes: Fraction) -> int:
    return -(-minutes.numerator // minutes.denominator)
