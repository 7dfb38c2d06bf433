"""Backtests of files, over days that are stored or made up."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter
from rich.box import SIMPLE_HEAD
from rich.table import Table

from framegate.slo.commands.client import Engine, texts_of
from framegate.slo.commands.status_table import percent
from framegate.slo.objectives.conditions import Severity
from framegate.slo.objectives.objective import Objective, default_objectives, load_objectives
from framegate.slo.replay.backtest import Backtest, Score, backtest
from framegate.slo.replay.scenario import load_incidents, load_scenario

VERSION = 1


def made_up(specs: list[Path] | None, scenario: Path) -> list[Backtest]:
    """The scenario's days through every objective."""
    days = load_scenario(scenario)
    incidents = days.labelled()
    return [backtest(one, days.measured(one), incidents, span=days.span) for one in of(specs)]


def stored(
    specs: list[Path] | None, collector_url: str | None, days: int, incidents: Path | None
) -> list[Backtest]:
    """The newest days that a collector has."""
    known = load_incidents(incidents) if incidents else ()
    asked = {
        "days": days,
        "incidents": [one.model_dump(mode="json") for one in known],
        "documents": texts_of(specs or []),
    }
    found = Engine(collector_url).review("backtests", asked)
    return TypeAdapter(list[Backtest]).validate_python(found["objectives"])


def of(specs: list[Path] | None) -> list[Objective]:
    return load_objectives(specs) if specs else default_objectives()


def exit_code(results: Sequence[Backtest], *, precision: float, recall: float) -> int:
    """1 where pages are worse than they may be, 3 where an objective had no job at all."""
    pages = [one for result in results if result.jobs for one in result.scores]
    if any(is_worse(one, precision=precision, recall=recall) for one in pages):
        return 1
    return 3 if not pages or any(not result.jobs for result in results) else 0


def is_worse(score: Score, *, precision: float, recall: float) -> bool:
    if score.severity is not Severity.PAGE:
        return False
    wrong = score.precision is not None and score.precision < precision
    return wrong or (score.recall is not None and score.recall < recall)


def backtest_json(results: Sequence[Backtest]) -> str:
    return json.dumps({"version": VERSION, "objectives": [asdict(one) for one in results]})


def backtest_table(results: Sequence[Backtest]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("objective", no_wrap=True)
    table.add_column("", no_wrap=True)
    for heading in ("calls", "right", "found", "of", "delay", "budget"):
        table.add_column(heading, justify="right", no_wrap=True)
    for result in results:
        for score in result.scores:
            delay = "-" if score.delay_minutes is None else f"{score.delay_minutes:g} min"
            table.add_row(
                result.objective,
                score.severity.value,
                str(score.calls),
                percent(score.precision),
                str(score.found),
                str(score.incidents),
                delay,
                percent(result.budget_left),
            )
    return table
