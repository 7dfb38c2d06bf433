"""A verdict as an HTML file: deciding rules first, then the worst prompts with their clips."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from framegate.quality.gate.evidence.archive import Archive
from framegate.quality.gate.judging.check import Check
from framegate.quality.gate.judging.document import VerdictDocument
from framegate.quality.gate.judging.waivers import describe_waiver
from framegate.quality.gate.reports.footage import shown_clips
from framegate.quality.gate.reports.numbers import amount, format_numbers, limit_text
from framegate.telemetry.platform.verdict import Verdict

TEMPLATES = Path(__file__).parent / "templates"
# Intervals are drawn in units of their limit, from LOW (better) to HIGH (worse).
LOW, HIGH, WIDTH = -1.0, 3.0, 180.0


@dataclass(frozen=True, slots=True)
class IntervalBar:
    """An interval and its limit, in pixels; ``cut`` if it continues beyond the drawing."""

    start: float
    end: float
    middle: float
    zero: float
    limit: float
    cut: bool


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One row of the page's table of rules."""

    check: Check
    name: str
    bar: IntervalBar | None
    line: int
    numbers: tuple[str, ...]
    limit: str


def page(document: VerdictDocument, archive: Archive | None = None) -> str:
    """The page; clips are read from the paths in the document, if they are still there.

    ``archive`` is that of the run, which keeps the per-frame values of clips in folders.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["amount"] = amount
    return environment.get_template("verdict.html").render(
        document=document,
        lines=[
            rule_line(document, check)
            for check in order_checks(document.checks)
            if not is_kept_evidence(check)
        ],
        kept=[check for check in document.checks if is_kept_evidence(check)],
        shown=shown_clips(document, archive),
        waivers=[describe_waiver(ruling) for ruling in document.waivers],
        missing=missing_prompts(document.checks),
        environments=environments(document),
        prompts=prompt_rows(document),
        measures=list(document.policy_file.policy.metrics),
        width=WIDTH,
    )


def is_kept_evidence(check: Check) -> bool:
    """Whether a check about the evidence holds: such checks are on the page in one line."""
    return check.rule.is_about_evidence and check.verdict is Verdict.PASS


def order_checks(checks: Sequence[Check]) -> list[Check]:
    """Failed rules first, then other blocking rules; otherwise the policy's order."""
    rank = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)
    return sorted(checks, key=lambda check: (not check.blocks, rank.index(check.verdict)))


def rule_line(document: VerdictDocument, check: Check) -> RuleLine:
    line = document.policy_file.line(check.rule)
    return RuleLine(
        check, check.rule.label, interval_bar(check), line, format_numbers(check), limit_text(check)
    )


def interval_bar(check: Check) -> IntervalBar | None:
    """None for rules without an interval."""
    if check.lower is None or check.upper is None or check.value is None or not check.limit:
        return None
    low, middle, high = (one / check.limit for one in (check.lower, check.value, check.upper))
    return IntervalBar(
        start=bar_position(low),
        end=bar_position(high),
        middle=bar_position(middle),
        zero=bar_position(0.0),
        limit=bar_position(1.0),
        cut=low < LOW or high > HIGH,
    )


def bar_position(value: float) -> float:
    return (min(max(value, LOW), HIGH) - LOW) / (HIGH - LOW) * WIDTH


def missing_prompts(checks: Sequence[Check]) -> list[str]:
    """Those that a metric lacks; what a check about the evidence names is in its reason."""
    measured = [check for check in checks if check.measure]
    return list(dict.fromkeys(name for check in measured for name in check.missing))


def environments(document: VerdictDocument) -> list[tuple[str, str, str]]:
    """Every name with both sides' values; names that differ first."""
    sides = (document.baseline.environment, document.candidate.environment)
    names = sorted(
        sides[0].keys() | sides[1].keys(),
        key=lambda name: (sides[0].get(name) == sides[1].get(name), name),
    )
    return [(name, sides[0].get(name, "-"), sides[1].get(name, "-")) for name in names]


def prompt_rows(document: VerdictDocument) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Every clip of the candidate: prompt, category, and both sides' value of each measure."""
    before = {clip.key: clip for clip in document.baseline.clips}
    rows = []
    for clip in document.candidate.clips:
        partner = before.get(clip.key)
        pairs = [
            (
                amount(partner.values.get(name) if partner else None),
                amount(clip.values.get(name)),
            )
            for name in document.policy_file.policy.metrics
        ]
        rows.append((clip.prompt, clip.category, pairs))
    return rows
