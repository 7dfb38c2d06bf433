"""Run backtests over stored or simulated days and show their results."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter
from rich.box import SIMPLE_HEAD
from rich.table import Table

from framegate.slo.commands.client import SloClient, read_texts
from framegate.slo.commands.status_table import share_percent
from framegate.slo.objectives.alert_rules import Severity
from framegate.slo.objectives.objective import Objective, default_objectives, load_objectives
from framegate.slo.replay.backtest import Backtest, SeverityScore, backtest
from framegate.slo.replay.scenario import load_incidents, load_scenario
from framegate.telemetry.platform.verdict import ExitCode

BACKTEST_JSON_VERSION = 1


def backtest_scenario(specs: list[Path] | None, scenario: Path) -> list[Backtest]:
    """Replay the days of a scenario through every objective."""
    days = load_scenario(scenario)
    incidents = days.labelled_incidents()
    return [
        backtest(one, days.objective_series(one), incidents, span=days.span)
        for one in objectives_of(specs)
    ]


def backtest_stored_days(
    specs: list[Path] | None, collector_url: str | None, days: int, incidents: Path | None
) -> list[Backtest]:
    """Have the engine beside a collector replay its newest days."""
    known = load_incidents(incidents) if incidents else ()
    asked = {
        "days": days,
        "incidents": [one.model_dump(mode="json") for one in known],
        "documents": read_texts(specs or []),
    }
    found = SloClient(collector_url).post_review("backtests", asked)
    return TypeAdapter(list[Backtest]).validate_python(found["objectives"])


def objectives_of(specs: list[Path] | None) -> list[Objective]:
    return load_objectives(specs) if specs else default_objectives()


def exit_code(results: Sequence[Backtest], *, precision: float, recall: float) -> int:
    """1 where pages miss a minimum, 3 where an objective had no job.

    Without a known incident neither precision nor recall exists: with a minimum, that is 3 too.
    """
    pages = [one for result in results if result.jobs for one in result.scores]
    if any(is_below_minimum(one, precision=precision, recall=recall) for one in pages):
        return ExitCode.FAIL
    if (precision or recall) and any(not page.incidents for page in pages):
        return ExitCode.INCONCLUSIVE
    empty = not pages or any(not result.jobs for result in results)
    return ExitCode.INCONCLUSIVE if empty else ExitCode.PASS


def is_below_minimum(score: SeverityScore, *, precision: float, recall: float) -> bool:
    if score.severity is not Severity.PAGE:
        return False
    wrong = score.precision is not None and score.precision < precision
    return wrong or (score.recall is not None and score.recall < recall)


def backtest_json(results: Sequence[Backtest]) -> str:
    return json.dumps(
        {"version": BACKTEST_JSON_VERSION, "objectives": [asdict(one) for one in results]}
    )


def backtest_table(results: Sequence[Backtest]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("objective", no_wrap=True)
    table.add_column("", no_wrap=True)
    for heading in ("alerts", "precision", "detected", "delay", "budget"):
        table.add_column(heading, justify="right", no_wrap=True)
    for result in results:
        for score in result.scores:
            delay = "-" if score.delay_minutes is None else f"{score.delay_minutes:g} min"
            table.add_row(
                result.objective,
                score.severity.value,
                str(score.calls),
                share_percent(score.precision),
                f"{score.found} of {score.incidents}" if score.incidents else "-",
                delay,
                share_percent(result.budget_left),
            )
    return table
