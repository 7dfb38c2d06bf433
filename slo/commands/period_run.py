"""Fetch a weekly or monthly report from a running engine."""

from pathlib import Path

from framegate.slo.commands.client import SloClient, read_texts
from framegate.slo.replay.period_pages import ReportFormat
from framegate.slo.replay.period_report import PeriodLength
from framegate.telemetry.platform.errors import InputError


def fetch_period_report(
    collector_url: str | None, specs: list[Path] | None, length: str, form: str
) -> tuple[str, int]:
    """The last full week or month as text, and an exit code; raises InputError."""
    if length not in list(PeriodLength):
        raise InputError(f"period {length!r} must be one of {', '.join(PeriodLength)}")
    if form not in list(ReportFormat):
        raise InputError(f"format {form!r} must be one of {', '.join(ReportFormat)}")
    asked = {"length": length, "form": form, "documents": read_texts(specs or [])}
    found = SloClient(collector_url).post_review("reports", asked)
    return found["text"], found["code"]
