"""Evaluate the alert rules of all objectives and move each alert to its next state."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from framegate.slo.alerting.alert_text import AlertText, summary
from framegate.slo.counting.series import Group, MinuteSpan
from framegate.slo.judging.alerts import (
    Alert,
    AlertEvaluation,
    AlertKey,
    AlertPhase,
    AlertState,
    judge_condition,
    next_state,
)
from framegate.slo.judging.journal import StandingDecision, first_covering
from framegate.slo.judging.status import SloEvidence, SloState, SloStatus
from framegate.slo.objectives.alert_rules import (
    NO_DATA,
    NO_DATA_MINUTES,
    NO_RESOLVED_LABEL,
    AlertRule,
    Severity,
    severity_without_data,
)
from framegate.slo.objectives.objective import Objective
from framegate.telemetry.platform.clock import MINUTE_NS

ALERT_NAME = "ErrorBudgetBurn"
RESOLVED_VISIBLE_NS = 15 * MINUTE_NS

AlertDescriber = Callable[[AlertEvaluation], AlertText]


def evaluate_alerts(
    objectives: Iterable[Objective],
    evidence: SloEvidence,
    statuses: Mapping[str, SloStatus],
    states: Mapping[AlertKey, AlertState],
) -> Iterator[AlertEvaluation]:
    """All alerts after this evaluation; times come from the data, not from the wall clock."""
    for objective in objectives:
        of_groups = evidence.tally(objective.slis[0]).groups if objective.by_group else {}
        for group in [(), *of_groups]:
            for rule in objective.burn_rules:
                yield evaluate_rule(objective, rule, group, evidence, states)
        severity = severity_without_data(objective.rules)
        if severity:
            yield evaluate_no_data(objective, severity, evidence, statuses[objective.name], states)


def evaluate_rule(
    objective: Objective,
    rule: AlertRule,
    group: Group,
    evidence: SloEvidence,
    states: Mapping[AlertKey, AlertState],
) -> AlertEvaluation:
    condition = rule.condition
    end_ns = evidence.end_of(objective)
    end_minute = end_ns // MINUTE_NS + 1
    found = judge_condition(
        condition,
        evidence.objective_series(objective, group),
        end_minute=end_minute,
        known=evidence.is_covered(
            MinuteSpan(end_minute - condition.long_minutes, end_minute), objective
        ),
    )
    if evidence.is_stale(objective):
        found = replace(found, holds=None, why="data are stale")
    key = AlertKey(objective.name, condition.name, group)
    state = next_state(
        states.get(key, AlertState()),
        found.holds,
        now_ns=end_ns,
        after_minutes=condition.after_minutes,
    )
    return AlertEvaluation(
        objective,
        key,
        condition.severity,
        rule.targets,
        state if rule.on_resolved else without_resolved_message(state),
        found,
        condition,
        on_resolved=rule.on_resolved,
    )


def without_resolved_message(state: AlertState) -> AlertState:
    """A resolved alert that nobody was notified of, so that no message says it is over."""
    return replace(state, told_ns=None) if state.phase is AlertPhase.RESOLVED else state


def evaluate_no_data(
    objective: Objective,
    severity: Severity,
    evidence: SloEvidence,
    status: SloStatus,
    states: Mapping[AlertKey, AlertState],
) -> AlertEvaluation:
    """The no-data alert; its times come from the wall clock, because there are no data."""
    key = AlertKey(objective.name, NO_DATA)
    state = next_state(
        states.get(key, AlertState()),
        status.state in (SloState.GAP, SloState.STALE),
        now_ns=evidence.now_ns,
        after_minutes=NO_DATA_MINUTES,
    )
    rules = [rule for rule in objective.rules if rule.on_no_data]
    targets = {target for rule in rules for target in rule.targets}
    on_resolved = any(rule.on_resolved for rule in rules)
    return AlertEvaluation(
        objective,
        key,
        severity,
        tuple(sorted(targets)),
        state if on_resolved else without_resolved_message(state),
        on_resolved=on_resolved,
    )


def visible_alerts(
    looks: Sequence[AlertEvaluation],
    silences: Sequence[StandingDecision],
    words: AlertDescriber,
    *,
    now_ns: int,
) -> list[Alert]:
    """Alerts that fire or were resolved recently, with their texts; the most urgent first."""
    urgent = sorted(looks, key=urgency_key)
    found = [
        alert_from(look, words, inhibited_by=inhibiting_condition(look, urgent))
        for look in urgent
        if is_visible(look.state, now_ns)
    ]
    return [replace(one, silenced_by=describe_silence(silences, one, now_ns)) for one in found]


def alert_from(look: AlertEvaluation, words: AlertDescriber, *, inhibited_by: str | None) -> Alert:
    """An alert with its texts.

    An inhibited alert has no description, because that takes a query over the window's rows.
    """
    if inhibited_by and look.condition and look.judgement:
        said = summary(look.objective, look.condition, look.judgement, group=look.key.group), ""
    else:
        said = words(look)
    return Alert(
        look.key,
        look.state,
        look.severity,
        alert_labels(look),
        *said,
        runbook=look.objective.runbook,
        targets=look.targets,
        inhibited_by=inhibited_by,
    )


def describe_silence(silences: Sequence[StandingDecision], alert: Alert, now_ns: int) -> str | None:
    """Number, author and reason of the first silence that covers an alert."""
    found = first_covering(silences, alert.labels, now_ns=now_ns)
    return str(found) if found else None


def is_visible(state: AlertState, now_ns: int) -> bool:
    if state.phase is AlertPhase.RESOLVED:
        assert state.resolved_ns is not None
        return state.told_ns is not None or now_ns - state.resolved_ns < RESOLVED_VISIBLE_NS
    return state.phase is AlertPhase.FIRING


def inhibiting_condition(look: AlertEvaluation, urgent: Sequence[AlertEvaluation]) -> str | None:
    """The more urgent firing condition of the same objective, if there is one.

    The alert over all jobs inhibits the alert of one group.
    """
    if look.state.phase is not AlertPhase.FIRING:
        return None
    for other in urgent:
        if other.key == look.key:
            return None
        same = other.key.objective == look.key.objective
        if (
            same
            and other.state.phase is AlertPhase.FIRING
            and other.key.group in ((), look.key.group)
        ):
            return other.key.condition
    return None


def urgency_key(look: AlertEvaluation) -> tuple[object, ...]:
    factor = look.condition.factor if look.condition else 0
    return (
        look.severity is not Severity.PAGE,
        look.key.objective,
        look.key.group != (),
        look.key.group,
        -factor,
        look.key.condition,
    )


def alert_labels(look: AlertEvaluation) -> dict[str, str]:
    groups = dict(zip(look.objective.groups, look.key.group, strict=False))
    return {
        **groups,
        **look.objective.all_labels,
        "alertname": "NoData" if look.key.condition == NO_DATA else ALERT_NAME,
        "severity": look.severity.value,
        "condition": look.key.condition,
        **({} if look.on_resolved else NO_RESOLVED_LABEL),
    }
