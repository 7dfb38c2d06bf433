"""A verdict at the terminal: one line per rule, 80 columns."""

from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from framegate.quality.gate.judging.check import Check
from framegate.quality.gate.judging.document import VerdictDocument
from framegate.quality.gate.judging.waivers import describe_waiver
from framegate.quality.gate.reports.numbers import format_numbers, limit_text
from framegate.telemetry.platform.verdict import Verdict

STYLES = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.INCONCLUSIVE: "yellow"}
MAX_PROMPTS_NAMED = 5


def render_document(document: VerdictDocument) -> Group:
    """The table, the verdict and the remarks."""
    parts: list[Table | Text] = [verdict_table(document), Text()]
    head = Text(document.verdict.value, style=STYLES[document.verdict])
    parts.append(head.append(f": {document.reason}", style="default"))
    parts += [Text(line) for line in remarks(document)]
    return Group(*parts)


def verdict_table(document: VerdictDocument) -> Table:
    """Means, mean difference with its 95 % upper bound, limit, prompts, verdict."""
    table = Table(
        title=f"{document.candidate.name} against {document.baseline.name}",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=0,
    )
    table.add_column("rule", no_wrap=True)
    for heading in ("baseline", "candidate", "worse by", "at most", "limit", "n"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    shown = [check for check in document.checks if is_shown(check, document.verdict)]
    for check, label in zip(shown, labels(shown), strict=True):
        table.add_row(label, *cells(check, first=not label.startswith(" ")))
    return table


def is_shown(check: Check, verdict: Verdict) -> bool:
    """Whether the check has a row: one about the evidence only where it decides."""
    return not check.rule.is_about_evidence or (check.blocks and check.verdict is verdict)


def labels(checks: Sequence[Check]) -> Iterator[str]:
    """The metric on its first line, then the kind or category of its other rules."""
    before = None
    for check in checks:
        name = check.measure or check.rule.label
        rest = check.rule.category or check.rule.kind.value
        yield f"  {rest.replace('_', ' ')}" if name == before else name
        before = name


def cells(check: Check, *, first: bool) -> tuple[str | Text, ...]:
    return (
        *(text if first or check.is_limit else "" for text in format_numbers(check)[:2]),
        *format_numbers(check)[2:],
        limit_text(check),
        str(check.n) if check.n else "-",
        Text(check.verdict.value, style=STYLES[check.verdict] if is_decisive(check) else "dim"),
    )


def is_decisive(check: Check) -> bool:
    return check.verdict is Verdict.PASS or check.blocks


def remarks(document: VerdictDocument) -> Iterator[str]:
    """Rules that do not block, unmatched prompts, and all waivers."""
    for check in document.checks:
        if not is_decisive(check) and not check.waived:
            yield f"{check.rule.label} ({check.tier}, does not block): {check.reason}"
    for prompt in missing_prompts(document):
        yield f"unmatched: {prompt}"
    if document.policy_file.policy.approvers and document.candidate_content:
        yield f"content {document.candidate_content}"
    for ruling in document.waivers:
        yield f"waiver: {describe_waiver(ruling)}"


def missing_prompts(document: VerdictDocument) -> list[str]:
    """Unmatched prompts, each once; a measure without any pair has its reason instead."""
    measured = [check for check in document.checks if check.measure and check.n]
    found = list(dict.fromkeys(name for check in measured for name in check.missing))
    more = [f"and {len(found) - MAX_PROMPTS_NAMED} more"] if len(found) > MAX_PROMPTS_NAMED else []
    return found[:MAX_PROMPTS_NAMED] + more


def print_document(document: VerdictDocument, *, console: Console | None = None) -> None:
    (console or Console()).print(render_document(document), highlight=False)
