"""The alert rules of an objective: a built-in set, or its OpenSLO alert policies."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from framegate.slo.objectives.conditions import POLICIES, Condition, Severity
from framegate.slo.openslo.kinds import AlertConditionSpec, ComparisonOperator, PolicyEntry, Slo
from framegate.slo.openslo.periods import duration_minutes
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import FilePlace

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
