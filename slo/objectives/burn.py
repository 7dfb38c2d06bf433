"""Error budgets and how fast they burn (Google SRE Workbook, chapter 5).

Comparisons use integers and fractions; floats are only for display.
"""

from decimal import Decimal
from fractions import Fraction

from framegate.slo.objectives.budgeting import Share


def allowed_bad(share: Share, target: Decimal) -> Fraction:
    """The amount of a share that may be bad."""
    return (1 - Fraction(target)) * share.total


def burn_rate(share: Share, target: Decimal) -> float | None:
    """How many times faster than allowed the error budget is being spent; None without traffic.

    For a composite with a component without traffic, it is a lower bound.
    """
    if not share.total or is_met(share, target) is None:
        return None
    return float(share.bad / allowed_bad(share, target))


def burns_faster(share: Share, target: Decimal, factor: Fraction) -> bool | None:
    """Whether the burn rate is above ``factor``, exactly; None without traffic."""
    return known_answer(share, share.bad > factor * allowed_bad(share, target))


def burns_at_least(share: Share, target: Decimal, factor: Fraction) -> bool | None:
    """Whether the burn rate is ``factor`` or above, exactly; None without traffic."""
    return known_answer(share, share.bad >= factor * allowed_bad(share, target))


def known_answer(share: Share, found: bool) -> bool | None:
    """``found`` if it can be trusted: yes needs any component's data, no needs all of them."""
    if not share.total:
        return None
    return True if found else False if share.whole else None


def success_ratio(share: Share) -> float | None:
    """Good out of judged; None without traffic, which is neither 0 nor 100 %."""
    return float(share.good / share.total) if share.total and share.whole else None


def is_met(share: Share, target: Decimal) -> bool | None:
    """Whether the target is met, exactly; None without traffic."""
    missed = burns_faster(share, target, Fraction(1))
    return None if missed is None else not missed


def budget_units_left(share: Share, target: Decimal) -> float | None:
    """Bad jobs or slices that the budget still allows; below 0 if it is overspent."""
    return float(allowed_bad(share, target) - share.bad) if share.total and share.whole else None


def budget_left(share: Share, target: Decimal) -> float | None:
    """The share of the window's budget that is left: 1 unused, 0 exhausted, below 0 overspent."""
    burned = burn_rate(share, target)
    return None if burned is None else 1.0 - burned
