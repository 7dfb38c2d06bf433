"""The states of an alert: pending, firing, resolved; frozen while there are no data."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from framegate.slo.counting.tallies import Group
from framegate.slo.objectives.conditions import Severity
from framegate.telemetry.platform.clock import MINUTE_NS


class AlertPhase(StrEnum):
    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class AlertKey:
    """One condition of one objective, over all of its jobs or over one group."""

    objective: str
    condition: str
    group: Group = ()


@dataclass(frozen=True, slots=True)
class AlertState:
    """The state of an alert; times are Unix nanoseconds, None for what has not happened.

    ``since_ns``: since when the condition has held. ``frozen_ns``: since when there are no data to
    judge it. ``told_ns``: when the last firing message was sent; None after the resolved message.
    """

    phase: AlertPhase = AlertPhase.INACTIVE
    since_ns: int | None = None
    fired_ns: int | None = None
    resolved_ns: int | None = None
    frozen_ns: int | None = None
    told_ns: int | None = None

    @property
    def is_active(self) -> bool:
        return self.phase in (AlertPhase.PENDING, AlertPhase.FIRING)


def next_state(
    state: AlertState, holds: bool | None, *, now_ns: int, after_minutes: int
) -> AlertState:
    """The next state; ``holds`` is None without data, which neither fires nor resolves an alert."""
    if holds is None:
        return replace(state, frozen_ns=state.frozen_ns or now_ns) if state.is_active else state
    if not holds:
        if state.phase is AlertPhase.FIRING:
            return replace(state, phase=AlertPhase.RESOLVED, resolved_ns=now_ns, frozen_ns=None)
        return AlertState(told_ns=state.told_ns) if state.phase is AlertPhase.PENDING else state
    if state.phase is AlertPhase.FIRING:
        return replace(state, frozen_ns=None)
    since_ns = now_ns if state.since_ns is None or not state.is_active else state.since_ns
    if now_ns - since_ns >= after_minutes * MINUTE_NS:
        return AlertState(AlertPhase.FIRING, since_ns, now_ns, told_ns=state.told_ns)
    return AlertState(AlertPhase.PENDING, since_ns, told_ns=state.told_ns)


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that fires or was resolved recently, with everything a message says.

    ``inhibited_by`` names the more urgent condition of the same objective, ``silenced_by`` the
    silence that covers it. ``targets`` are names in the file of targets; none means all.
    """

    key: AlertKey
    state: AlertState
    severity: Severity
    labels: Mapping[str, str]
    summary: str
    description: str
    runbook: str
    targets: tuple[str, ...] = ()
    inhibited_by: str | None = None
    silenced_by: str | None = None

    @property
    def is_notifiable(self) -> bool:
        """Whether a message about it may be sent."""
        return self.inhibited_by is None and self.silenced_by is None
