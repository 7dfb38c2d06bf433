"""GitHub annotations: each rule that does not hold, at its line in the policy."""

from collections.abc import Iterator

from framegate.quality.gate.judging.check import Check
from framegate.quality.gate.judging.document import VerdictDocument
from framegate.telemetry.platform.verdict import Verdict

LEVELS = {Verdict.FAIL: "error", Verdict.INCONCLUSIVE: "warning"}


def annotations(document: VerdictDocument) -> str:
    """Workflow commands, one per line; empty when every rule holds."""
    return "".join(f"{line}\n" for line in annotation_lines(document))


def annotation_lines(document: VerdictDocument) -> Iterator[str]:
    policy = document.policy_file
    for check in document.checks:
        if check.verdict is Verdict.PASS:
            continue
        place = f"file={escape_property(policy.path)},line={policy.line(check.rule)}"
        name = f"title={escape_property(f'framegate gate: {check.rule.label}')}"
        yield f"::{annotation_level(check)} {place},{name}::{escape_data(annotation_text(check))}"


def annotation_level(check: Check) -> str:
    """An error for a rule that fails and blocks, a warning for one undecided, else a notice."""
    return LEVELS[check.verdict] if check.blocks else "notice"


def annotation_text(check: Check) -> str:
    head = f"{check.verdict}: {check.reason}"
    worst = [f"worst: {one.prompt} ({one.worse_by:.3g})" for one in check.worst[:1]]
    waived = [f"waived: {check.waived}"] if check.waived else []
    return "\n".join([head, *(worst if check.verdict is Verdict.FAIL else []), *waived])


def escape_data(text: str) -> str:
    """Escaped for the runner, so that no text can end the command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")
