"""framegate slo."""

from pathlib import Path
from typing import Annotated

import typer

from framegate.slo.commands.alert_commands import (
    print_renderable,
)
from framegate.slo.commands.options import AsJson, Collector, Specs


def report(
    specs: Specs = None,
    collector: Collector = None,
    as_json: AsJson = False,
    period: Annotated[
        str | None, typer.Option(help="Report the last full week or month, not now.")
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="Format of a --period report: md, html or json.")
    ] = "md",
) -> None:
    """Show every objective; exit 1 if one is missed, 3 if there is not enough data."""
    if period:
        print_period_report(collector, specs, period, form)
    from framegate.slo.commands.state_source import fetch_statuses, judge_files, statuses_of
    from framegate.slo.commands.status_table import print_json, status_table
    from framegate.slo.judging.status import exit_code

    found = judge_files(specs, collector) if specs else fetch_statuses(collector)
    statuses, faults = statuses_of(found), found.get("faults", {})
    if as_json:
        print_json(statuses, watermark_ns=found["watermark_ns"], faults=faults)
    else:
        print_renderable(status_table(statuses))
        for path, why in faults.items():
            typer.echo(f"invalid: {path}: {why}", err=True)
    raise typer.Exit(exit_code(statuses, faults=bool(faults)))


def print_period_report(
    collector: str | None, specs: list[Path] | None, period: str, form: str
) -> None:
    from framegate.slo.commands.period_run import fetch_period_report

    text, code = fetch_period_report(collector, specs, period, form)
    typer.echo(text, nl=False)
    raise typer.Exit(code)


def list_objectives(specs: Specs = None) -> None:
    """List objectives with target, window and owner.

    Only the documents are read; `framegate slo lint` also checks their expressions.
    """
    from framegate.slo.commands.objective_table import objective_table
    from framegate.slo.objectives.summary import default_files, summarize_files

    print_renderable(objective_table(summarize_files(specs or default_files())))


def lint(
    specs: Annotated[list[Path], typer.Argument(metavar="FILE...", help="OpenSLO files.")],
    jobs_per_day: Annotated[
        float | None, typer.Option(help="Expected jobs per day.", min=0)
    ] = None,
    history_days: Annotated[
        int | None,
        typer.Option(help="Take the traffic from this many stored days.", min=1, max=400),
    ] = None,
    incidents: Annotated[
        Path | None, typer.Option(help="YAML file of the incidents in these days.")
    ] = None,
    alert_timing: Annotated[
        bool, typer.Option(help="Show detection time and reset time of each alert.")
    ] = False,
    collector: Collector = None,
) -> None:
    """Check OpenSLO files: syntax, alerts that cannot fire, too little traffic."""
    from framegate.slo.commands.lint_run import (
        alert_timing_table,
        assumed_traffic,
        lint_lines,
        stored_traffic,
    )
    from framegate.slo.objectives.objective import load_objectives

    objectives = load_objectives(specs)
    traffic = {} if jobs_per_day is None else assumed_traffic(objectives, jobs_per_day)
    if history_days:
        traffic = stored_traffic(specs, collector, history_days, incidents)
    found = lint_lines(objectives, traffic)
    for line in found:
        typer.echo(line)
    if alert_timing:
        print_renderable(alert_timing_table(objectives, traffic))
    raise typer.Exit(1 if found else 0)


def rules(specs: Specs = None) -> None:
    """Write Prometheus recording and alerting rules for the objectives."""
    from framegate.slo.export.prometheus import rules_yaml
    from framegate.slo.objectives.objective import default_objectives, load_objectives

    typer.echo(rules_yaml(load_objectives(specs) if specs else default_objectives()), nl=False)


def routes(specs: Specs = None) -> None:
    """Write an Alertmanager configuration: routes by owner, grouping, inhibition."""
    from framegate.slo.export.alertmanager import configuration_yaml
    from framegate.slo.objectives.objective import default_objectives, load_objectives

    typer.echo(
        configuration_yaml(load_objectives(specs) if specs else default_objectives()), nl=False
    )


def dashboard() -> None:
    """Write a Grafana dashboard for the recorded series."""
    from framegate.slo.export.grafana import dashboard_json

    typer.echo(dashboard_json(), nl=False)
