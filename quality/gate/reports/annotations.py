"""Lines that GitHub shows at the policy: each rule that does not hold, where it is written."""

from collections.abc import Iterator

from framegate.quality.gate.judging.check import Check, Verdict
from framegate.quality.gate.judging.document import Document
from framegate.quality.gate.judging.judge import subject

LEVELS = {Verdict.FAIL: "error", Verdict.INCONCLUSIVE: "warning"}


def annotations(document: Document) -> str:
    """Workflow commands, one a line; empty when every rule holds."""
    return "".join(f"{line}\n" for line in lines(document))


def lines(document: Document) -> Iterator[str]:
    policy = document.policy_file
    for check in document.checks:
        if check.verdict is Verdict.PASS:
            continue
        place = f"file={value(policy.path)},line={policy.line(check.rule)}"
        name = f"title={value(f'framegate gate: {subject(check)}')}"
        yield f"::{level(check)} {place},{name}::{message(said(check))}"


def level(check: Check) -> str:
    """What blocks is an error, or a warning where nobody knows; the rest is a notice."""
    return LEVELS[check.verdict] if check.blocks else "notice"


def said(check: Check) -> str:
    head = f"{check.verdict}: {check.reason}"
    worst = [f"worst: {one.prompt} ({one.worse_by:.3g})" for one in check.worst[:1]]
    waived = [f"waived: {check.waived}"] if check.waived else []
    return "\n".join([head, *(worst if check.verdict is Verdict.FAIL else []), *waived])


def message(text: str) -> str:
    """As the runner reads it: a line that no text can end."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def value(text: str) -> str:
    return message(text).replace(":", "%3A").replace(",", "%2C")
