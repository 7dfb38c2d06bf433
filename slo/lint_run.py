"""What lint prints."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

from slo.foresight import false_pages, timing, traffic_faults
from slo.lint import findings
from slo.spec import Objective


def lint_lines(objectives: Sequence[Objective], jobs_per_day: float | None) -> list[str]:
    found = findings(objectives)
    if jobs_per_day is not None:
        found += [line for one in objectives for line in traffic_faults(one, jobs_per_day)]
    return found


def times_table(objectives: Sequence[Objective], jobs_per_day: float | None) -> Table:
    """Minutes to fire and to stop when everything fails, and when a tenth does."""
    table = Table(title="Minutes until alerts fire and stop", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("objective", no_wrap=True)
    table.add_column("condition", no_wrap=True)
    for heading in ("all fail", "stop", "10 % fail", "stop", "wrong"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in objectives:
        # Pages in thirty days of which none is right.
        wrong = "-" if not jobs_per_day else f"{false_pages(one, jobs_per_day):.1f}"
        for number, rule in enumerate(one.rules):
            whole = timing(rule.condition, one.target)
            tenth = timing(rule.condition, one.target, error_ratio=0.1)
            table.add_row(
                one.name if not number else "",
                rule.condition.name,
                minutes(whole.detection_minutes),
                minutes(whole.reset_minutes),
                minutes(tenth.detection_minutes),
                minutes(tenth.reset_minutes),
                wrong if not number else "",
            )
    return table


def minutes(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
