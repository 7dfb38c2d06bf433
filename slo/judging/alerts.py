"""Whether an alert condition holds, and the states of its alert: pending, firing, resolved.

An alert is frozen while there are no data.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from scipy.special import betaincinv

from framegate.slo.counting.series import Group, MinuteSpan
from framegate.slo.objectives.alert_rules import Condition, Severity
from framegate.slo.objectives.components import ObjectiveSeries
from framegate.slo.objectives.error_budget import Share, WeightedShare
from framegate.slo.objectives.objective import Objective
from framegate.slo.openslo.kinds import BudgetingMethod
from framegate.telemetry.platform.clock import MINUTE_NS

SUFFICIENT_EXPECTED_BAD = (
    5  # bad jobs that a window at the threshold would have, from which on counting is enough
)
CONFIDENCE = 0.95
LEAST_BAD = 3


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """The windows of a condition; ``holds`` is None if the data are not enough."""

    holds: bool | None
    long: Share
    short: Share | None
    why: str = ""


def judge_condition(
    condition: Condition, measured: ObjectiveSeries, *, end_minute: int, known: bool
) -> ConditionResult:
    """Judge both windows; they end before ``end_minute``, ``known``: their data are complete.

    A window that burns does so even if data are missing, because more data only add bad events.
    A window that does not burn counts only with complete data; one without traffic never counts.
    """
    long = measured.share(MinuteSpan(end_minute - condition.long_minutes, end_minute))
    short = None
    shares = [long]
    if condition.short_minutes is not None:
        short = measured.share(MinuteSpan(end_minute - condition.short_minutes, end_minute))
        shares.append(short)
    burning = [condition.burns(share, measured.target) for share in shares]
    if all(burning):
        of_slices = measured.budgeting.method is not BudgetingMethod.OCCURRENCES
        reason = "" if of_slices else low_traffic_reason(condition, long, measured.target)
        return ConditionResult(None if reason else True, long, short, reason)
    if not known:
        return ConditionResult(None, long, short, "data are missing")
    if False in burning:
        return ConditionResult(False, long, short)
    return ConditionResult(None, long, short, "no traffic")


def low_traffic_reason(condition: Condition, share: Share, target: Decimal) -> str:
    """Why there are too few jobs to decide; empty if there are enough.

    With little traffic one failure is a high ratio. A window whose threshold is below a few bad
    jobs must have some, and be above the threshold with confidence: if the true ratio were at it,
    so many bad jobs would come about less often than once in twenty. For a composite, components
    with so little traffic count with the lower bounds of their ratios.
    """
    allowed = 1 - Fraction(target)
    parts = share.parts or (WeightedShare("", share.total, allowed, share),)
    few = [
        one
        for one in parts
        if condition.factor * one.allowed_ratio * one.share.total < SUFFICIENT_EXPECTED_BAD
    ]
    if not few:
        return ""
    bad = sum(one.share.bad for one in parts)
    if bad < LEAST_BAD:
        return f"{bad} bad jobs, at least {LEAST_BAD} needed"
    surely = sum(float(one.weight) * ratio_lower_bound(one.share) for one in few)
    surely += sum(float(one.bad) for one in parts if one not in few)
    if surely < float(condition.factor * allowed * share.total):
        return f"{bad} bad of {sum(one.share.total for one in parts)} jobs is not significant"
    return ""


def ratio_lower_bound(share: Share) -> float:
    """The lower bound of a ratio of bad (Clopper and Pearson, 1934)."""
    bad, total = float(share.bad), float(share.total)
    return float(betaincinv(bad, total - bad + 1, 1 - CONFIDENCE)) if bad else 0.0


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
class AlertEvaluation:
    """One condition of one objective after this evaluation, with its new state."""

    objective: Objective
    key: AlertKey
    severity: Severity
    targets: tuple[str, ...]
    state: AlertState
    judgement: ConditionResult | None = None
    condition: Condition | None = None
    on_resolved: bool = True


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
