"""framegate loadtest."""

from typing import Annotated

import typer

app = typer.Typer(help="Traffic, and what a viewer sees of it.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Traffic, and what a viewer sees of it."""


@app.command()
def run(
    url: Annotated[str, typer.Option(help="The videos API.")] = "http://127.0.0.1:8080",
    jobs: Annotated[int, typer.Option(help="Clips to watch.", min=1)] = 20,
    users: Annotated[int, typer.Option(help="Viewers at once.", min=1)] = 2,
    model: Annotated[str, typer.Option(help="Model version.")] = "ref-1",
    size: Annotated[str, typer.Option(help="WIDTHxHEIGHT.")] = "256x256",
    seconds: Annotated[float, typer.Option(help="Length of a clip.")] = 2.0,
    seed: Annotated[int, typer.Option(help="Chooses prompts and classes.")] = 1,
    collector: Annotated[str | None, typer.Option(help="Where outcomes are sent.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Watch clips as viewers would: time to first playable, stalls, outcomes.

    Closed-loop: a viewer asks for the next clip when the last one has ended.
    """
    import locust  # noqa: F401 - first: it makes the sockets of all later imports cooperative

    from framegate.loadtest.run import LoadPlan
    from framegate.loadtest.session import run_and_show
    from framegate.loadtest.watch import RequestTemplate

    order = RequestTemplate(url=url.rstrip("/"), model=model, size=size, seconds=seconds)
    plan = LoadPlan(users=users, jobs=jobs, seed=seed)
    raise typer.Exit(run_and_show(order, plan, collector=collector, as_json=as_json))
