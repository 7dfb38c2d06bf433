"""framegate slo alerts, silence, silences."""

import json
from typing import Annotated, Any

import typer

from framegate.slo.commands.options import AsJson, Collector

Author = Annotated[str, typer.Option(help="Who decided. [you]")]


def alerts(collector: Collector = None, as_json: AsJson = False) -> None:
    """List what fires now; exit 1 for a page that nobody has silenced, 3 without fresh data."""
    from framegate.slo.commands.alert_table import alert_table, exit_code
    from framegate.slo.commands.client import SloClient

    found = SloClient(collector).get("alerts")
    if as_json:
        typer.echo(json.dumps(found))
    else:
        print_renderable(alert_table(found["alerts"]))
    raise typer.Exit(exit_code(found))


def silence(
    labels: Annotated[list[str], typer.Argument(help="Labels that all must match: slo=NAME.")],
    length: Annotated[str, typer.Option("--for", help="How long: 30m, 2h, 1d.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    author: Author = "",
    collector: Collector = None,
) -> None:
    """Tell nobody of alerts with these labels for a while; prints the silence's number."""
    from framegate.slo.commands.client import SloClient, decision_body

    body = decision_body(labels, length, reason, author)
    typer.echo(SloClient(collector).post("silences", body)["number"])


def unsilence(
    number: Annotated[int, typer.Argument(help="The silence's number.")],
    author: Author = "",
    collector: Collector = None,
) -> None:
    """Take a silence back."""
    from framegate.slo.commands.client import SloClient, current_user

    SloClient(collector).delete(f"silences/{number}", author=author or current_user())


def silences(collector: Collector = None, as_json: AsJson = False) -> None:
    """List silences, also those that are over."""
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
