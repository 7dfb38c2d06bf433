"""Group alerts into messages, and deliver them with retries that continue after a restart.

Each change of an alert is one message to each target.
"""

import hashlib
import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx

from framegate.slo.alerting.targets import (
    SEND_TIMEOUT_SECONDS,
    AlertmanagerTarget,
    AlertTargets,
    AnyTarget,
    DeliveryError,
    send_message,
)
from framegate.slo.judging.alerts import Alert, AlertKey, AlertPhase, AlertState
from framegate.slo.judging.journal import Delivery, Journal
from framegate.telemetry.client.certificates import verification
from framegate.telemetry.platform.clock import MINUTE_NS, SECOND_NS

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


FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 1.0, 300.0
ALERTMANAGER_INTERVAL_SECONDS = 30.0  # between two messages about the firing alerts
ALERT_EXPIRY_SECONDS = (
    4 * ALERTMANAGER_INTERVAL_SECONDS
)  # Alertmanager resolves an alert that is not sent again for so long
POLL_SECONDS = 1.0

logger = logging.getLogger(__name__)

Clock = Callable[[], int]


class Deliverer:
    """One thread that sends what the journal says is due.

    ``alerts`` returns the current alerts, for Alertmanager. ``alive`` returns whether the engine
    still evaluates objectives; the heartbeat stops when it does not.
    """

    def __init__(
        self,
        journal: Journal,
        targets: AlertTargets,
        *,
        alerts: Callable[[], Sequence[Alert]],
        alive: Callable[[], bool],
        clock: Clock = time.time_ns,
    ) -> None:
        self._journal = journal
        self._targets = targets
        self._alerts = alerts
        self._alive = alive
        self._clock = clock
        self._ending = threading.Event()
        self._wake = threading.Event()
        self._next_send: dict[str, float] = {}  # by Alertmanager target, on the monotonic clock
        self._next_heartbeat = 0.0
        self.sent = 0
        self.failures = 0
        self._thread = threading.Thread(target=self._run, name="slo-deliverer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Deliver now instead of after the poll interval."""
        self._wake.set()

    def close(self) -> None:
        self._ending.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._ending.is_set():
            changed = self._wake.wait(POLL_SECONDS)
            self._wake.clear()
            try:
                self.deliver(changed=changed)
            except Exception:  # this thread must not end: the next round tries again
                logger.exception("unexpected error while delivering notifications")

    def deliver(self, *, changed: bool) -> None:
        """Send everything that is due; ``changed``: alerts did, so send to Alertmanager now."""
        for delivery in self._journal.due_deliveries(self._clock()):
            if self._ending.is_set():
                return
            self._attempt_delivery(delivery)
        for target in self._targets.targets:
            if isinstance(target, AlertmanagerTarget):
                self._send_to_alertmanager(target, changed=changed)
        self._send_heartbeat()

    def _attempt_delivery(self, delivery: Delivery) -> None:
        target = self._targets.by_name().get(delivery.target)
        if target is None:
            logger.warning("target %s no longer exists, dropping its notification", delivery.target)
            self._journal.mark_delivered(delivery, now_ns=self._clock())
            return
        try:
            send_message(target, delivery.delivery_id, delivery.body)
        except DeliveryError as error:
            self.failures += 1
            pause = backoff_seconds(delivery.attempts)
            again_ns = self._clock() + int(pause * SECOND_NS)
            self._journal.mark_failed(delivery, again_ns=again_ns, trouble=str(error))
            logger.warning("delivery to %s failed, will retry: %s", delivery.target, error)
            return
        self.sent += 1
        self._journal.mark_delivered(delivery, now_ns=self._clock())

    def _send_to_alertmanager(self, target: AlertmanagerTarget, *, changed: bool) -> None:
        now = time.monotonic()
        if not changed and now < self._next_send.get(target.name, 0.0):
            return
        wanted = [
            one for one in self._alerts() if one.is_notifiable and is_addressed_to(one, target)
        ]
        self._next_send[target.name] = now + ALERTMANAGER_INTERVAL_SECONDS
        if not wanted:
            return
        ends_ns = self._clock() + int(ALERT_EXPIRY_SECONDS * SECOND_NS)
        body: Any = message_body(wanted, service="", ends_ns=ends_ns)
        try:
            send_message(target, "", body)
        except DeliveryError as error:
            self.failures += 1
            self._next_send[target.name] = 0.0  # try again on the next pass
            logger.warning("delivery to %s failed, will retry: %s", target.name, error)
            return
        self.sent += 1

    def _send_heartbeat(self) -> None:
        heart = self._targets.heartbeat
        now = time.monotonic()
        if heart is None or now < self._next_heartbeat or not self._alive():
            return
        self._next_heartbeat = now + heart.every_seconds
        try:
            answer = httpx.post(
                heart.url, timeout=SEND_TIMEOUT_SECONDS, verify=verification(heart.url)
            )
            answer.raise_for_status()
        except httpx.HTTPError as error:
            self._next_heartbeat = now + POLL_SECONDS
            logger.warning("heartbeat failed: %s", error)


def backoff_seconds(attempts: int) -> float:
    """Exponential backoff with jitter, so that many clients do not retry at the same moment."""
    longest: float = min(LONGEST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2**attempts)
    return longest * (0.5 + random.random() / 2)
