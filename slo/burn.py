"""Error budgets and how fast they burn (Google SRE Workbook, chapter 5).

Comparisons are made on whole numbers and fractions; floats appear only in what is shown.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from slo.budgeting import Share


@dataclass(frozen=True, slots=True)
class Tier:
    """An alert condition: both windows burn faster than ``factor``."""

    name: str
    long_seconds: int
    short_seconds: int
    factor: Decimal


# Share of a period's budget that may be gone when a tier fires, and its two windows.
BUDGET_SHARES = (
    ("page, fast", Decimal("0.02"), 3600, 300),
    ("page, slow", Decimal("0.05"), 6 * 3600, 1800),
    ("ticket", Decimal("0.10"), 3 * 86_400, 6 * 3600),
)


def tiers(period_seconds: int) -> tuple[Tier, ...]:
    """The Workbook's tiers for any period: factor = share of budget * period / long window."""
    return tuple(
        Tier(name, long, short, share * period_seconds / long)
        for name, share, long, short in BUDGET_SHARES
        if long < period_seconds
    )


def allowed(share: Share, target: Decimal) -> Fraction:
    """What may be bad of a share."""
    return (1 - Fraction(target)) * share.total


def burn_rate(share: Share, target: Decimal) -> float | None:
    """How many times faster than allowed the error budget is being spent; None without traffic."""
    return float(share.bad / allowed(share, target)) if share.total else None


def burns_faster(share: Share, target: Decimal, factor: Decimal) -> bool | None:
    """Whether the burn rate is above ``factor``, exactly; None without traffic."""
    return share.bad > Fraction(factor) * allowed(share, target) if share.total else None


def fires(tier: Tier, long: Share, short: Share, *, target: Decimal) -> bool | None:
    """Whether a tier's condition holds; None when either window has no traffic."""
    both = (burns_faster(long, target, tier.factor), burns_faster(short, target, tier.factor))
    return None if None in both else all(both)


def reachable(tier: Tier, target: Decimal) -> bool:
    """Whether the tier can fire at all: no service burns faster than all requests failing."""
    return tier.factor * (1 - target) < 1


def success_ratio(share: Share) -> float | None:
    """What is good of all judged; None without traffic, for nothing is neither 0 nor 100 %."""
    return float(share.good / share.total) if share.total else None


def is_met(share: Share, target: Decimal) -> bool | None:
    """Whether the target is met, exactly; None without traffic."""
    return share.good >= Fraction(target) * share.total if share.total else None


def budget_units_left(share: Share, target: Decimal) -> float | None:
    """Bad jobs, or slices, that the window could still take; below 0 when it is overspent."""
    return float(allowed(share, target) - share.bad) if share.total else None


def budget_left(share: Share, target: Decimal) -> float | None:
    """The share of the window's budget that is left: 1 untouched, 0 spent, below 0 overspent."""
    burned = burn_rate(share, target)
    return None if burned is None else 1.0 - burned
