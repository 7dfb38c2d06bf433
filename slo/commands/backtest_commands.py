"""framegate slo backtest."""

from pathlib import Path
from typing import Annotated

import typer

from framegate.slo.commands.options import AsJson, Collector, Specs


def backtest(
    specs: Specs = None,
    scenario: Annotated[Path | None, typer.Option(help="YAML scenario to simulate.")] = None,
    days: Annotated[int, typer.Option(help="Newest stored days to replay.", min=1, max=400)] = 7,
    incidents: Annotated[
        Path | None, typer.Option(help="YAML file of the incidents in these days.")
    ] = None,
    min_precision: Annotated[
        float, typer.Option(help="Minimum precision of pages; below it, exit 1.", min=0.0, max=1.0)
    ] = 0.0,
    min_recall: Annotated[
        float, typer.Option(help="Minimum recall of pages; below it, exit 1.", min=0.0, max=1.0)
    ] = 0.0,
    collector: Collector = None,
    as_json: AsJson = False,
) -> None:
    """Replay days: precision, recall and detection time of alerts; exit 3 without jobs."""
    from framegate.slo.commands.alert_commands import print_renderable
    from framegate.slo.commands.backtest_run import (
        backtest_json,
        backtest_scenario,
        backtest_stored_days,
        backtest_table,
        exit_code,
    )

    results = (
        backtest_scenario(specs, scenario)
        if scenario
        else backtest_stored_days(specs, collector, days, incidents)
    )
    if as_json:
        typer.echo(backtest_json(results))
    else:
        print_renderable(backtest_table(results))
    raise typer.Exit(exit_code(results, precision=min_precision, recall=min_recall))
