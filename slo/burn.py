"""Error budgets and how fast they burn (Google SRE Workbook, chapter 5).

Comparisons are made on integers and decimals; floats appear only in what is shown.
"""

from dataclasses import dataclass
from decimal import Decimal

from slo.slices import Counts


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


def burn_rate(counts: Counts, target: Decimal) -> float | None:
    """How many times faster than allowed the error budget is being spent; None without traffic."""
    if not counts.total:
        return None
    return float(Decimal(counts.bad) / (counts.total * (1 - target)))


def burns_faster(counts: Counts, target: Decimal, factor: Decimal) -> bool | None:
    """Whether the burn rate is above ``factor``, exactly; None without traffic."""
    if not counts.total:
        return None
    return counts.bad > factor * (1 - target) * counts.total


def fires(tier: Tier, long: Counts, short: Counts, *, target: Decimal) -> bool | None:
    """Whether a tier's condition holds; None when either window has no traffic."""
    both = (burns_faster(long, target, tier.factor), burns_faster(short, target, tier.factor))
    return None if None in both else all(both)


def reachable(tier: Tier, target: Decimal) -> bool:
    """Whether the tier can fire at all: no service burns faster than all requests failing."""
    return tier.factor * (1 - target) < 1


def success_ratio(counts: Counts) -> float | None:
    """Good jobs of all judged; None without traffic, for nothing is neither 0 nor 100 %."""
    return counts.good / counts.total if counts.total else None


def is_met(counts: Counts, target: Decimal) -> bool | None:
    """Whether the target is met, exactly; None without traffic."""
    return counts.good >= target * counts.total if counts.total else None


def budget_jobs_left(counts: Counts, target: Decimal) -> float | None:
    """Bad jobs that the window could still take; negative when the budget is overspent."""
    if not counts.total:
        return None
    return float((1 - target) * counts.total - counts.bad)


def budget_left(counts: Counts, target: Decimal) -> float | None:
    """The share of the window's budget that is left: 1 untouched, 0 spent, below 0 overspent."""
    burned = burn_rate(counts, target)
    return None if burned is None else 1.0 - burned
