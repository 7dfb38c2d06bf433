"""framegate slo backtest."""

from pathlib import Path
from typing import Annotated

import typer

from framegate.slo.commands.options import AsJson, Collector, Specs


def backtest(
    spec: Specs = None,
    scenario: Annotated[Path | None, typer.Option(help="Days to make up, YAML.")] = None,
    days: Annotated[int, typer.Option(help="Stored days to replay.", min=1, max=400)] = 7,
    incidents: Annotated[
        Path | None, typer.Option(help="What happened in the stored days, YAML.")
    ] = None,
    least_precision: Annotated[
        float, typer.Option(help="Of pages; below it, exit 1.", min=0.0, max=1.0)
    ] = 0.0,
    least_recall: Annotated[
        float, typer.Option(help="Of incidents by pages; below it, exit 1.", min=0.0, max=1.0)
    ] = 0.0,
    collector: Collector = None,
    as_json: AsJson = False,
) -> None:
    """Replay days through objectives: who is called, how rightly, how soon; exit 3 without jobs."""
    from framegate.slo.commands.alert_commands import print_renderable
    from framegate.slo.commands.backtest_run import (
        backtest_json,
        backtest_scenario,
        backtest_stored_days,
        backtest_table,
        exit_code,
    )

    results = (
        backtest_scenario(spec, scenario)
        if scenario
        else backtest_stored_days(spec, collector, days, incidents)
    )
    if as_json:
        typer.echo(backtest_json(results))
    else:
        print_renderable(backtest_table(results))
    raise typer.Exit(exit_code(results, precision=least_precision, recall=least_recall))
