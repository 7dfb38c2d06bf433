"""A period's report from a running engine."""

from pathlib import Path

from framegate.slo.commands.client import Engine, texts_of
from framegate.slo.replay.period_pages import Form
from framegate.slo.replay.period_report import Length
from framegate.telemetry.platform.errors import InputError


def periodic(
    collector_url: str | None, specs: list[Path] | None, length: str, form: str
) -> tuple[str, int]:
    """The last week or month that is over, as text, and an exit code; raises InputError."""
    if length not in list(Length):
        raise InputError(f"period {length!r} is none of {', '.join(Length)}")
    if form not in list(Form):
        raise InputError(f"format {form!r} is none of {', '.join(Form)}")
    asked = {"length": length, "form": form, "documents": texts_of(specs or [])}
    found = Engine(collector_url).review("reports", asked)
    return found["text"], found["code"]
