"""Formats the numbers of a verdict, for all reports."""

from framegate.quality.gate.judging.check import Check
from framegate.quality.gate.policy.rule_ref import RuleKind

LIMIT_SIGNS = {RuleKind.FLOOR: ">=", RuleKind.CEILING: "<="}

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
    share = check.unit == "share"
    return (
        amount(check.baseline),
        amount(check.candidate),
        amount(check.value, share=share),
        amount(check.upper, share=share),
    )


def without_sign(text: str) -> str:
    """Without the sign of a negative zero."""
    return text if any(digit in text for digit in "123456789") else text.lstrip("-")


def limit_text(check: Check) -> str:
    """The limit; a floor or a ceiling with its comparison sign."""
    if check.limit is None:
        return "-"
    if check.unit == "share":
        return f"{100 * check.limit:g}%"
    return f"{LIMIT_SIGNS.get(check.rule.kind, '')}{check.limit:g}"
