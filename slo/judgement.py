"""Whether an alert condition holds, and whether anybody can know."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from scipy.special import bdtrc

from slo.budgeting import Budgeting, Share
from slo.conditions import Condition
from slo.openslo import BudgetingMethod
from slo.series import Series, Span

ENOUGH = 5  # bad jobs that a window at the threshold would have, from which on counting is enough
CONFIDENCE = 0.95
LEAST_BAD = 3


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a condition's windows hold; ``holds`` is None where nobody can know."""

    holds: bool | None
    long: Share
    short: Share | None
    why: str = ""


def judge(
    condition: Condition,
    series: Series,
    *,
    budgeting: Budgeting,
    target: Decimal,
    end_minute: int,
    known: bool,
) -> Judgement:
    """``end_minute`` is the minute after the windows; ``known``: all of them was heard.

    A window that burns does so whatever else is not known; one that does not is good news only
    where all is known, and a window without traffic is no news at all.
    """
    long = budgeting.share(series, Span(end_minute - condition.long_minutes, end_minute))
    short = None
    shares = [long]
    if condition.short_minutes is not None:
        short = budgeting.share(series, Span(end_minute - condition.short_minutes, end_minute))
        shares.append(short)
    burning = [condition.burns(share, target) for share in shares]
    if all(burning):
        reason = too_little(condition, long, target, budgeting)
        return Judgement(None if reason else True, long, short, reason)
    if not known:
        return Judgement(None, long, short, "data are missing")
    if False in burning:
        return Judgement(False, long, short)
    return Judgement(None, long, short, "no traffic")


def too_little(condition: Condition, share: Share, target: Decimal, budgeting: Budgeting) -> str:
    """Why so few jobs show nothing, empty if they do; of slices of time, each counts.

    With little traffic one failure is a high ratio. A window whose threshold is below a few bad
    jobs must have some, and be above the threshold with confidence: if the true ratio were at it,
    so many bad jobs would come about less often than once in twenty (Clopper and Pearson, 1934).
    """
    threshold = condition.factor * (1 - Fraction(target))
    if budgeting.method is not BudgetingMethod.OCCURRENCES or threshold * share.total >= ENOUGH:
        return ""
    if share.bad < LEAST_BAD:
        return f"{share.bad} bad jobs are fewer than {LEAST_BAD}"
    if threshold >= 1:
        return "no ratio is above the threshold"
    chance = float(bdtrc(float(share.bad) - 1, int(share.total), float(threshold)))
    if chance > 1 - CONFIDENCE:
        return f"{share.bad} bad of {share.total} jobs may be chance"
    return ""
