"""framegate slo."""

from pathlib import Path
from typing import Annotated

import typer

from slo.alerts_cli import alerts, show, silence, silences, unsilence
from slo.gate_cli import bypass, corrections, gate, show_objective
from slo.options import AsJson, Collector, Specs

app = typer.Typer(help="Objectives, budgets, burn rates and alerts.", no_args_is_help=True)
app.command("show")(show_objective)
for verb in (alerts, silence, unsilence, silences, gate, bypass):
    app.command()(verb)
app.add_typer(corrections, name="corrections")


@app.command()
def report(
    collector: Collector = None,
    spec: Specs = None,
    as_json: AsJson = False,
) -> None:
    """Judge every objective now; exit 1 when one is missed, 3 without evidence."""
    from slo.ask import judged, running
    from slo.scoreboard import print_json, status_table
    from slo.spec import load_objectives
    from slo.status import exit_code

    found = judged(load_objectives(spec), collector) if spec else running(collector)
    statuses, watermark_ns = found
    if as_json:
        print_json(statuses, watermark_ns=watermark_ns)
    else:
        show(status_table(statuses))
    raise typer.Exit(exit_code(statuses))


@app.command("list")
def list_objectives(spec: Specs = None) -> None:
    """List the objectives."""
    from slo.scoreboard import objective_table
    from slo.spec import default_objectives, load_objectives

    show(objective_table(load_objectives(spec) if spec else default_objectives()))


@app.command()
def lint(specs: Annotated[list[Path], typer.Argument(help="OpenSLO files.")]) -> None:
    """Check specifications: they parse, and every burn-rate tier can fire."""
    from slo.lint import findings
    from slo.spec import load_objectives

    found = findings(load_objectives(specs))
    for line in found:
        typer.echo(line)
    raise typer.Exit(1 if found else 0)


@app.command()
def rules(spec: Specs = None) -> None:
    """Write the objectives as rules for Prometheus, over what the engine counts."""
    from slo.prometheus import rules_yaml
    from slo.spec import default_objectives, load_objectives

    typer.echo(rules_yaml(load_objectives(spec) if spec else default_objectives()), nl=False)


@app.command()
def routes(spec: Specs = None) -> None:
    """Write a configuration for Alertmanager: routes by owner, groups, inhibition."""
    from slo.alertmanager import configuration_yaml
    from slo.spec import default_objectives, load_objectives

    typer.echo(
        configuration_yaml(load_objectives(spec) if spec else default_objectives()), nl=False
    )


@app.command()
def dashboard() -> None:
    """Write a Grafana dashboard over what the rules record."""
    from slo.grafana import dashboard_json

    typer.echo(dashboard_json(), nl=False)
