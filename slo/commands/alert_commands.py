"""framegate slo alerts, silence, silences."""

import json
from typing import Annotated, Any

import typer

from framegate.slo.commands.options import AsJson, Collector

Author = Annotated[str, typer.Option(help="Author of the decision; default: current user.")]


def alerts(collector: Collector = None, as_json: AsJson = False) -> None:
    """List alerts; exit 1 if a page fires that is not silenced, 3 without fresh data."""
    from framegate.slo.commands.alert_table import alert_table, exit_code
    from framegate.slo.commands.client import SloClient

    found = SloClient(collector).get("alerts")
    if as_json:
        typer.echo(json.dumps(found))
    else:
        print_renderable(alert_table(found["alerts"]))
    raise typer.Exit(exit_code(found))


def silence(
    labels: Annotated[list[str], typer.Argument(help="Labels, all must match: slo=NAME.")],
    length: Annotated[str, typer.Option("--for", help="Duration: 30m, 2h, 1d.")],
    reason: Annotated[str, typer.Option(help="Reason, kept in the journal.")],
    author: Author = "",
    collector: Collector = None,
) -> None:
    """Silence the alerts that have these labels; prints the number of the silence."""
    from framegate.slo.commands.client import SloClient, decision_body

    body = decision_body(labels, length, reason, author)
    typer.echo(SloClient(collector).post("silences", body)["number"])


def unsilence(
    number: Annotated[int, typer.Argument(help="Number of the silence.")],
    author: Author = "",
    collector: Collector = None,
) -> None:
    """Revoke a silence."""
    from framegate.slo.commands.client import SloClient, current_user

    SloClient(collector).delete(f"silences/{number}", author=author or current_user())


def silences(collector: Collector = None, as_json: AsJson = False) -> None:
    """List silences, including expired and revoked ones."""
    from framegate.slo.commands.alert_table import decision_table
    from framegate.slo.commands.client import SloClient

    found = SloClient(collector).get("silences")
    if as_json:
        typer.echo(json.dumps(found))
    else:
        print_renderable(decision_table(found["silences"], "There are no silences."))


def print_renderable(shown: Any) -> None:
    from rich.console import Console

    Console().print(shown)
