"""What ``framegate slo lint`` prints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from framegate.slo.commands.backtest_run import backtest_stored_days
from framegate.slo.objectives.alert_rules import Severity
from framegate.slo.objectives.objective import Objective
from framegate.slo.replay.alert_timing import alert_timing, false_pages_per_month, traffic_faults
from framegate.slo.replay.lint import findings

MONTH_DAYS = 30


@dataclass(frozen=True, slots=True)
class TrafficEstimate:
    """Traffic of one objective: jobs per day, and false pages in 30 days."""

    jobs_per_day: float
    false_pages: float


def assumed_traffic(
    objectives: Sequence[Objective], jobs_per_day: float
) -> dict[str, TrafficEstimate]:
    """Expected false pages at this traffic, with half of the budget spent evenly."""
    return {
        one.name: TrafficEstimate(
            jobs_per_day, false_pages_per_month(one, jobs_per_day) if jobs_per_day else 0.0
        )
        for one in objectives
    }


def stored_traffic(
    specs: list[Path], collector_url: str | None, days: int, incidents: Path | None
) -> dict[str, TrafficEstimate]:
    """Traffic and false pages of the newest stored days.

    A page that belongs to no known incident is a false page.
    """
    found = {}
    for one in backtest_stored_days(specs, collector_url, days, incidents):
        wrong = sum(
            score.calls - score.true_calls
            for score in one.scores
            if score.severity is Severity.PAGE
        )
        found[one.objective] = TrafficEstimate(one.jobs / days, wrong * MONTH_DAYS / days)
    return found


def lint_lines(
    objectives: Sequence[Objective], traffic: Mapping[str, TrafficEstimate]
) -> list[str]:
    found = findings(objectives)
    for one in objectives:
        if one.name in traffic:
            found += traffic_faults(one, traffic[one.name].jobs_per_day)
    return found


def alert_timing_table(
    objectives: Sequence[Objective], traffic: Mapping[str, TrafficEstimate]
) -> Table:
    """Minutes to detect and to reset, when all jobs fail and when 10 % do."""
    table = Table(
        title="Minutes to detect and to reset; false pages in 30 days",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("objective", no_wrap=True)
    table.add_column("condition", no_wrap=True)
    for heading in ("all bad", "reset", "10 % bad", "reset", "false"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in objectives:
        known = traffic.get(one.name)
        wrong = f"{known.false_pages:.1f}" if known and known.jobs_per_day else "-"
        for number, rule in enumerate(one.burn_rules):
            whole = alert_timing(rule.condition, one.target)
            tenth = alert_timing(rule.condition, one.target, error_ratio=0.1)
            table.add_row(
                one.name if not number else "",
                rule.condition.name,
                minutes_text(whole.detection_minutes),
                minutes_text(whole.reset_minutes),
                minutes_text(tenth.detection_minutes),
                minutes_text(tenth.reset_minutes),
                wrong if not number else "",
            )
    return table


def minutes_text(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
