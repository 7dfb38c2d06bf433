"""The life of an alert: pending, firing, resolved; and frozen while nobody can know."""

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
    """One condition of one objective, of all its jobs or of one group's."""

    objective: str
    condition: str
    group: Group = ()


@dataclass(frozen=True, slots=True)
class AlertState:
    """Where an alert stands; times are Unix nanoseconds, None for what has not happened.

    ``since_ns``: since when the condition has held; ``frozen_ns``: since when nobody has known;
    ``told_ns``: when others were told last that it fires, None once they know that it does not.
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
    """The next state. What nobody knows changes nothing: it neither fires nor resolves."""
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
    """An alert that fires, or did until just now, as others are told of it.

    ``inhibited_by`` names what is more urgent of the same objective, ``silenced_by`` a silence.
    ``targets`` are the names of those who are told; none: everybody.
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
        """Whether anybody is told."""
        return self.inhibited_by is None and self.silenced_by is None
