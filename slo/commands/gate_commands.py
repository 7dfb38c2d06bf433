"""framegate slo gate, bypass, corrections, show."""

import json
from pathlib import Path
from typing import Annotated

import typer

from framegate.slo.commands.alert_commands import Author, print_renderable
from framegate.slo.commands.options import AsJson, Collector

Labels = Annotated[list[str], typer.Argument(help="Labels, all must match: slo=NAME.")]
Reason = Annotated[str, typer.Option(help="Reason, kept in the journal.")]


def gate(
    slo: Annotated[
        list[str] | None, typer.Option(help="Objective, repeatable; default: all.")
    ] = None,
    change: Annotated[
        str, typer.Option(help="Kind of change: feature, reliability or security.")
    ] = "feature",
    policy: Annotated[
        Path | None, typer.Option(help="Error budget policy; default: built-in.")
    ] = None,
    collector: Collector = None,
    as_json: AsJson = False,
) -> None:
    """Decide if a change may be rolled out: exit 0 yes, 1 no, 3 not enough data."""
    from framegate.slo.commands.gate_run import decide_with_engine, gate_table
    from framegate.telemetry.platform.verdict import EXIT_CODES

    decision = decide_with_engine(collector, slo or [], change, policy)
    if as_json:
        from framegate.slo.judging.gate import gate_json

        typer.echo(json.dumps(gate_json(decision)))
    else:
        print_renderable(gate_table(decision))
    raise typer.Exit(EXIT_CODES[decision.verdict])


def bypass(
    labels: Labels,
    length: Annotated[str, typer.Option("--for", help="Duration: 30m, 4h, at most 7d.")],
    reason: Reason,
    change: Annotated[
        list[str] | None,
        typer.Option(help="Kind of change that passes, repeatable; default: all."),
    ] = None,
    author: Author = "",
    collector: Collector = None,
) -> None:
    """Let changes pass regardless of the budget; prints the number of the bypass."""
    from framegate.slo.commands.client import SloClient, decision_body
    from framegate.slo.commands.gate_run import changes_from

    body = dict(decision_body(labels, length, reason, author)) | {"changes": changes_from(change)}
    typer.echo(SloClient(collector).post("bypasses", body)["number"])


def show_objective(
    name: Annotated[str, typer.Argument(help="Name of the objective.")],
    canary_jobs: Annotated[int, typer.Option(help="Jobs of a planned canary.", min=0)] = 0,
    bad_ratio: Annotated[
        float | None, typer.Option(help="Expected bad ratio of the canary; default: current.")
    ] = None,
    collector: Collector = None,
    as_json: AsJson = False,
) -> None:
    """Show one objective: budget, burn rates, forecast, contributors, canary cost."""
    from framegate.slo.commands.client import SloClient
    from framegate.slo.commands.detail_table import render_detail

    ratio = "" if bad_ratio is None else f"&bad_ratio={bad_ratio}"
    found = SloClient(collector).get(f"objectives/{name}?jobs={canary_jobs}{ratio}")
    if as_json:
        typer.echo(json.dumps(found))
    else:
        print_renderable(render_detail(found))


def add_correction(
    labels: Labels,
    start: Annotated[str, typer.Option("--from", help="ISO 8601; UTC without an offset.")],
    end: Annotated[str, typer.Option("--to", help="ISO 8601; UTC without an offset.")],
    reason: Reason,
    maintenance: Annotated[bool, typer.Option(help="Silence the alerts as well.")] = False,
    author: Author = "",
    collector: Collector = None,
) -> None:
    """Exclude minutes, past ones too; prints the number of the correction."""
    from framegate.slo.commands.client import SloClient, scheduled_decision_body

    body = scheduled_decision_body(labels, start, end, reason, author)
    engine = SloClient(collector)
    typer.echo(engine.post("corrections", body)["number"])
    if maintenance:
        typer.echo(f"silence {engine.post('silences', body)['number']}")


def list_corrections(collector: Collector = None, as_json: AsJson = False) -> None:
    """List corrections, including revoked ones."""
    from framegate.slo.commands.alert_table import decision_table
    from framegate.slo.commands.client import SloClient

    found = SloClient(collector).get("corrections")
    if as_json:
        typer.echo(json.dumps(found))
    else:
        print_renderable(decision_table(found["corrections"], "There are no corrections."))


def revoke_correction(
    number: Annotated[int, typer.Argument(help="Number of the correction.")],
    author: Author = "",
    collector: Collector = None,
) -> None:
    """Revoke a correction."""
    from framegate.slo.commands.client import SloClient, current_user

    SloClient(collector).delete(f"corrections/{number}", author=author or current_user())
