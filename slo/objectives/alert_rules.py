"""The alert rules of an objective: a built-in set, or its OpenSLO alert policies.

Their conditions are burn rates over windows (Google SRE Workbook, chapter 5).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from framegate.slo.objectives.error_budget import Share, burns_at_least, burns_faster
from framegate.slo.openslo.fields import duration_minutes
from framegate.slo.openslo.kinds import AlertConditionSpec, ComparisonOperator, PolicyEntry, Slo
from framegate.telemetry.platform.clock import DAY_MINUTES
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import FilePlace

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


ALERTING, SHORT_WINDOW = "framegate/alerting", "framegate/short-window"
NO_DATA_MINUTES = 30
NO_DATA = "no-data"
NO_RESOLVED_LABEL = {"send_resolved": "false"}  # Alertmanager sends that message: it needs a route


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One condition of an objective, and which messages its alert sends to which targets.

    No ``targets`` means all targets. ``on_burn``, ``on_resolved`` and ``on_no_data`` are OpenSLO's
    alertWhenBreaching, alertWhenResolved and alertWhenNoData.
    """

    condition: Condition
    targets: tuple[str, ...] = ()
    on_burn: bool = True
    on_resolved: bool = True
    on_no_data: bool = False


def alert_rules(slo: Slo, place: FilePlace) -> tuple[AlertRule, ...]:
    """Raises InputError naming place and value."""
    policies = slo.spec.alert_policies
    name = slo.metadata.annotations.get(ALERTING)
    if policies and name:
        raise InputError(f"{place}: has both {ALERTING} and alertPolicies, but only one is allowed")
    if policies:
        return tuple(
            alert_rule(entry, place.at("spec.alertPolicies", number))
            for number, entry in enumerate(policies)
        )
    if name is not None and name not in POLICIES:
        known = ", ".join(POLICIES)
        raise InputError(
            f"{place.at('metadata.annotations')}: {ALERTING} {name!r} must be one of {known}"
        )
    seconds = slo.spec.time_window[0].length.seconds
    return tuple(AlertRule(condition) for condition in POLICIES[name or "standard"](seconds))


def alert_rule(entry: PolicyEntry, place: FilePlace) -> AlertRule:
    assert entry.spec
    policy, (condition,) = entry.spec, entry.spec.conditions
    assert condition.spec
    assert condition.metadata
    if not (policy.alert_when_breaching or policy.alert_when_no_data):
        raise InputError(f"{place}: needs alertWhenBreaching or alertWhenNoData")
    notes = condition.metadata.annotations
    return AlertRule(
        condition_of(condition.metadata.name, condition.spec, notes.get(SHORT_WINDOW), place),
        targets=tuple(one.spec.target for one in policy.notification_targets if one.spec),
        on_burn=policy.alert_when_breaching,
        on_resolved=policy.alert_when_resolved,
        on_no_data=policy.alert_when_no_data,
    )


def condition_of(
    name: str, spec: AlertConditionSpec, short: str | None, place: FilePlace
) -> Condition:
    burn = spec.condition
    if burn.op not in (ComparisonOperator.GT, ComparisonOperator.GTE):
        raise InputError(
            f"{place}: op {burn.op} would alert on a low burn rate; it must be gt or gte"
        )
    if spec.severity not in list(Severity):
        known = ", ".join(Severity)
        raise InputError(f"{place}: severity {spec.severity!r} must be one of {known}")
    return Condition(
        name,
        Severity(spec.severity),
        Fraction(burn.threshold),
        parse_minutes(burn.lookback_window, place),
        parse_minutes(short, place) if short else None,
        parse_minutes(burn.alert_after, place) if burn.alert_after else 0,
        at_least=burn.op is ComparisonOperator.GTE,
    )


def parse_minutes(text: str, place: FilePlace) -> int:
    try:
        return duration_minutes(text)
    except ValueError as error:
        raise InputError(f"{place}: {text!r}: {error}") from error


def severity_without_data(rules: Sequence[AlertRule]) -> Severity | None:
    """The severity of the no-data alert; None if no rule asks for one."""
    wanted = [rule.condition.severity for rule in rules if rule.on_no_data]
    if not wanted:
        return None
    return Severity.PAGE if Severity.PAGE in wanted else Severity.TICKET
