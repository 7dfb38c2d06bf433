"""Group alerts into messages for targets; each change of an alert is sent once."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from framegate.slo.alerting.targets import AlertmanagerTarget, AlertTargets, AnyTarget
from framegate.slo.judging.alerts import Alert, AlertKey, AlertPhase, AlertState
from framegate.slo.judging.journal import Delivery
from framegate.telemetry.platform.clock import MINUTE_NS

MESSAGE_VERSION = 1


def alerts_to_notify(alerts: Iterable[Alert], *, now_ns: int, repeat_minutes: int) -> list[Alert]:
    """Alerts that need a message now: newly firing, due for a repeat, or resolved."""
    return [
        alert
        for alert in alerts
        if alert.is_notifiable
        and is_notification_due(alert.state, now_ns, repeat_minutes * MINUTE_NS)
    ]


def is_notification_due(state: AlertState, now_ns: int, repeat_ns: int) -> bool:
    if state.phase is AlertPhase.FIRING:
        return state.told_ns is None or now_ns - state.told_ns >= repeat_ns
    return state.told_ns is not None


def notified_states(alerts: Sequence[Alert], *, now_ns: int) -> dict[AlertKey, AlertState]:
    """The states of these alerts once their message is in the journal."""
    return {
        alert.key: replace(
            alert.state, told_ns=now_ns if alert.state.phase is AlertPhase.FIRING else None
        )
        for alert in alerts
    }


def deliveries(alerts: Sequence[Alert], targets: AlertTargets, *, now_ns: int) -> list[Delivery]:
    """One message for each target and service.

    Alertmanager is left out: it gets all firing alerts again at a fixed interval.
    """
    found = []
    for target in targets.targets:
        if isinstance(target, AlertmanagerTarget):
            continue
        for service in sorted({alert.labels["service"] for alert in alerts}):
            wanted = [
                alert
                for alert in alerts
                if alert.labels["service"] == service and is_addressed_to(alert, target)
            ]
            if wanted:
                body = message_body(wanted, service=service, ends_ns=now_ns)
                found.append(Delivery(message_id(wanted), target.name, body, now_ns))
    return found


def is_addressed_to(alert: Alert, target: AnyTarget) -> bool:
    named = not alert.targets or target.name in alert.targets
    return named and alert.severity in target.severities


def message_id(alerts: Sequence[Alert]) -> str:
    """A hash of the changes, so that the same change always has the same id."""
    changes = sorted(
        (
            alert.key.objective,
            alert.key.condition,
            alert.key.group,
            alert.state.phase.value,
            alert.state.fired_ns or 0,
            alert.state.told_ns or 0,
        )
        for alert in alerts
    )
    return hashlib.sha256(repr(changes).encode()).hexdigest()


def message_body(alerts: Sequence[Alert], *, service: str, ends_ns: int) -> Mapping[str, Any]:
    return {
        "version": MESSAGE_VERSION,
        "service": service,
        "alerts": [alert_json(alert, ends_ns=ends_ns) for alert in alerts],
    }


def alert_json(alert: Alert, *, ends_ns: int) -> dict[str, Any]:
    """An alert as JSON; a firing alert ends at ``ends_ns`` unless it is sent again before."""
    state = alert.state
    return {
        "objective": alert.key.objective,
        "condition": alert.key.condition,
        "group": list(alert.key.group),
        "phase": state.phase.value,
        "severity": alert.severity.value,
        "labels": dict(alert.labels),
        "summary": alert.summary,
        "description": alert.description,
        "runbook": alert.runbook,
        "since_ns": state.fired_ns or state.since_ns,
        "resolved_ns": state.resolved_ns,
        "frozen_ns": state.frozen_ns,
        "ends_ns": state.resolved_ns or ends_ns,
        "inhibited_by": alert.inhibited_by,
        "silenced_by": alert.silenced_by,
    }
