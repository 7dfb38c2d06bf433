"""framegate slo."""

from pathlib import Path
from typing import Annotated

import typer

from framegate.slo.commands.alert_commands import (
    alerts,
    print_renderable,
    silence,
    silences,
    unsilence,
)
from framegate.slo.commands.backtest_commands import backtest
from framegate.slo.commands.gate_commands import bypass, corrections, gate, show_objective
from framegate.slo.commands.options import AsJson, Collector, Specs

app = typer.Typer(help="Objectives, budgets, burn rates and alerts.", no_args_is_help=True)
app.command("show")(show_objective)
for verb in (alerts, silence, unsilence, silences, gate, bypass, backtest):
    app.command()(verb)
app.add_typer(corrections, name="corrections")


@app.command()
def report(
    collector: Collector = None,
    spec: Specs = None,
    as_json: AsJson = False,
    period: Annotated[
        str | None, typer.Option(help="The last week or month instead of now.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="Of a period: md, html or json.")] = "md",
) -> None:
    """Judge every objective now; exit 1 when one is missed, 3 without evidence."""
    if period:
        print_period_report(collector, spec, period, form)
    from framegate.slo.commands.state_source import fetch_statuses, judge_files, statuses_of
    from framegate.slo.commands.status_table import print_json, status_table
    from framegate.slo.judging.status import exit_code

    found = judge_files(spec, collector) if spec else fetch_statuses(collector)
    statuses, faults = statuses_of(found), found.get("faults", {})
    if as_json:
        print_json(statuses, watermark_ns=found["watermark_ns"], faults=faults)
    else:
        print_renderable(status_table(statuses))
        for path, why in faults.items():
            typer.echo(f"wrong: {path}: {why}", err=True)
    raise typer.Exit(exit_code(statuses, faults=bool(faults)))


def print_period_report(
    collector: str | None, spec: list[Path] | None, period: str, form: str
) -> None:
    from framegate.slo.commands.period_run import fetch_period_report

    text, code = fetch_period_report(collector, spec, period, form)
    typer.echo(text, nl=False)
    raise typer.Exit(code)


@app.command("list")
def list_objectives(spec: Specs = None) -> None:
    """List the objectives."""
    from framegate.slo.commands.status_table import objective_table
    from framegate.slo.objectives.objective import default_objectives, load_objectives

    print_renderable(objective_table(load_objectives(spec) if spec else default_objectives()))


@app.command()
def lint(
    specs: Annotated[list[Path], typer.Argument(help="OpenSLO files.")],
    jobs_per_day: Annotated[
        float | None, typer.Option(help="Traffic that must be enough.", min=0)
    ] = None,
    history: Annotated[
        int | None, typer.Option(help="Stored days whose traffic it is.", min=1, max=400)
    ] = None,
    incidents: Annotated[
        Path | None, typer.Option(help="What happened in the stored days, YAML.")
    ] = None,
    times: Annotated[bool, typer.Option(help="Show how soon each alert fires and stops.")] = False,
    collector: Collector = None,
) -> None:
    """Check specifications: they parse, their alerts can fire, and traffic is enough for them."""
    from framegate.slo.commands.lint_run import (
        alert_timing_table,
        assumed_traffic,
        lint_lines,
        stored_traffic,
    )
    from framegate.slo.objectives.objective import load_objectives

    objectives = load_objectives(specs)
    traffic = {} if jobs_per_day is None else assumed_traffic(objectives, jobs_per_day)
    if history:
        traffic = stored_traffic(specs, collector, history, incidents)
    found = lint_lines(objectives, traffic)
    for line in found:
        typer.echo(line)
    if times:
        print_renderable(alert_timing_table(objectives, traffic))
    raise typer.Exit(1 if found else 0)


@app.command()
def rules(spec: Specs = None) -> None:
    """Write the objectives as rules for Prometheus, over what the engine counts."""
    from framegate.slo.export.prometheus import rules_yaml
    from framegate.slo.objectives.objective import default_objectives, load_objectives

    typer.echo(rules_yaml(load_objectives(spec) if spec else default_objectives()), nl=False)


@app.command()
def routes(spec: Specs = None) -> None:
    """Write a configuration for Alertmanager: routes by owner, groups, inhibition."""
    from framegate.slo.export.alertmanager import configuration_yaml
    from framegate.slo.objectives.objective import default_objectives, load_objectives

    typer.echo(
        configuration_yaml(load_objectives(spec) if spec else default_objectives()), nl=False
    )


@app.command()
def dashboard() -> None:
    """Write a Grafana dashboard over what the rules record."""
    from framegate.slo.export.grafana import dashboard_json

    typer.echo(dashboard_json(), nl=False)
