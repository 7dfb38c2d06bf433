"""Formats the numbers of a verdict, for all reports."""

from framegate.quality.gate.judging.check import Check
from framegate.quality.gate.policy.rule_ref import RuleKind

LIMIT_SIGNS = {RuleKind.FLOOR: ">=", RuleKind.CEILING: "<="}

SHARE, SPREADS = "share", "spreads"  # units of a check
LONGEST = 1e9  # from here on, digits would only fill the page


def amount(value: float | None, *, share: bool = False) -> str:
    """A value with about four digits; a dash for None."""
    if value is None:
        return "-"
    if abs(value) >= LONGEST:
        return f"{value:.3g}"
    if share:
        return without_sign(f"{value:.1%}")
    return without_sign(f"{value:.4f}" if abs(value) < 100 else f"{value:.0f}")


def format_numbers(check: Check) -> tuple[str, str, str, str]:
    """Baseline, candidate, worse by, at most; for a limit, only the worst clip's value."""
    if check.is_limit:
        return "-", amount(check.value), "-", "-"
    return (
        amount(check.baseline),
        amount(check.candidate),
        difference(check.value, check.unit),
        difference(check.upper, check.unit),
    )


def difference(value: float | None, unit: str) -> str:
    """How much worse: a share in percent, and spreads as standard deviations (sd)."""
    if unit == SPREADS and value is not None:
        return f"{without_sign(f'{value:.2f}')} sd"
    return amount(value, share=unit == SHARE)


def without_sign(text: str) -> str:
    """Without the sign of a negative zero."""
    return text if any(digit in text for digit in "123456789") else text.lstrip("-")


def limit_text(check: Check) -> str:
    """The limit; a floor or a ceiling with its comparison sign."""
    if check.limit is None:
        return "-"
    if check.unit == SHARE:
        return f"{100 * check.limit:g}%"
    if check.unit == SPREADS:
        return f"{check.limit:g} sd"
    return f"{LIMIT_SIGNS.get(check.rule.kind, '')}{check.limit:g}"
