"""A verdict as Markdown: a job's summary, or a comment on a pull request."""

from collections.abc import Iterator, Sequence

from framegate.quality.gate.judging.check import Check
from framegate.quality.gate.judging.document import VerdictDocument
from framegate.quality.gate.judging.waivers import describe_waiver
from framegate.quality.gate.reports.numbers import format_numbers, limit_text
from framegate.telemetry.platform.verdict import Verdict

MARKER = "<!-- framegate gate -->"  # says of a text that the gate wrote it
SIGNS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INCONCLUSIVE: "❔"}
HEADINGS = ("rule", "baseline", "candidate", "worse by", "at most (95 %)", "limit", "n", "verdict")
WORST = 5


def markdown(document: VerdictDocument) -> str:
    """The verdict, every rule that does not hold, the worst prompts; the rest collapsed."""
    broken = [check for check in document.checks if check.verdict is not Verdict.PASS]
    fine = [check for check in document.checks if check.verdict is Verdict.PASS]
    head = f"## {SIGNS[document.verdict]} {document.verdict}: {title(document)}"
    parts = [MARKER, head, escape_markdown(document.reason) + "."]
    parts += [table(broken)] if broken else []
    parts += (
        [bullet_list("Worst prompts", worst_prompt_lines(broken))]
        if worst_prompt_lines(broken)
        else []
    )
    parts += [
        bullet_list("Waivers", [describe_waiver(ruling) for ruling in document.waivers])
    ] * bool(document.waivers)
    parts += [details_block(f"{len(fine)} rules hold", table(fine))] if fine else []
    parts.append(details_block("Evidence", origin_list(document)))
    return "\n\n".join(parts) + "\n"


def title(document: VerdictDocument) -> str:
    return f"{code_span(document.candidate.name)} against {code_span(document.baseline.name)}"


def table(checks: Sequence[Check]) -> str:
    lines = [row(HEADINGS), row(["---", *["---:"] * 6, "---"])]
    lines += [row(cells(check)) for check in checks]
    return "\n".join(lines)


def row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def cells(check: Check) -> list[str]:
    note = " (waived)" if check.waived else "" if check.blocks else f" ({check.tier})"
    return [
        code_span(check.rule.path),
        *format_numbers(check),
        limit_text(check).replace("<", "&lt;").replace(">", "&gt;"),
        str(check.n) if check.n else "-",
        f"{check.verdict}{note if check.verdict is not Verdict.PASS else ''}",
    ]


def worst_prompt_lines(checks: Sequence[Check]) -> list[str]:
    """The worst prompts of the broken rules, each once."""
    found: dict[str, str] = {}
    for check in checks:
        if check.verdict is Verdict.FAIL:
            for one in check.worst:
                said = f"{code_span(check.measure or '')} worse by {one.worse_by:.4g}"
                found.setdefault(one.prompt, f"{escape_markdown(one.prompt)}: {said}")
    return list(found.values())[:WORST]


def bullet_list(heading: str, lines: Sequence[str]) -> str:
    return "\n".join([f"**{heading}**", "", *(f"- {line}" for line in lines)])


def origin_list(document: VerdictDocument) -> str:
    return "\n".join(f"- {line}" for line in origin(document))


def origin(document: VerdictDocument) -> Iterator[str]:
    for name, side in (("baseline", document.baseline), ("candidate", document.candidate)):
        suite = f", suite {code_span(side.suite[:12])}" if side.suite else ""
        record = f", record {code_span(side.id[:12])}" if side.id else ""
        yield f"{name}: {code_span(side.name)}, {len(side.clips)} clips{suite}{record}"
    if document.candidate_content:
        yield f"content of the candidate: {code_span(document.candidate_content)}"
    yield f"policy: {code_span(document.policy.path)}"
    yield f"judged: {document.judged_at:%Y-%m-%d %H:%M:%S} UTC by framegate {document.framegate}"


def details_block(summary: str, inside: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{inside}\n\n</details>"


def code_span(text: str) -> str:
    """Inline code on one line, whatever the text holds."""
    plain = " ".join(text.replace("`", "'").replace("|", "/").split())
    return f"`{plain}`" if plain else ""


def escape_markdown(text: str) -> str:
    """Text of users and services without markup and mentions."""
    for sign, harmless in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("@", "@\u200b")):
        text = text.replace(sign, harmless)
    for sign in "\\`*_[]|#":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
