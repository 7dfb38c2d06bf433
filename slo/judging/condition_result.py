"""Decide whether an alert condition holds, and whether the data are enough to say so."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from scipy.special import betaincinv

from framegate.slo.counting.series import MinuteSpan
from framegate.slo.objectives.budgeting import Share, WeightedShare
from framegate.slo.objectives.components import ObjectiveSeries
from framegate.slo.objectives.conditions import Condition
from framegate.slo.openslo.kinds import BudgetingMethod

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
