"""framegate loadtest."""

from typing import Annotated

import typer


def run(
    url: Annotated[str, typer.Option(help="URL of the videos API.")] = "http://127.0.0.1:8080",
    jobs: Annotated[int, typer.Option(help="Number of clips.", min=1)] = 20,
    users: Annotated[int, typer.Option(help="Concurrent viewers.", min=1)] = 2,
    model: Annotated[str, typer.Option(help="Model version.")] = "ref-1",
    size: Annotated[str, typer.Option(help="Frame size: WIDTHxHEIGHT.")] = "256x256",
    seconds: Annotated[float, typer.Option(help="Clip length in seconds.")] = 2.0,
    seed: Annotated[int, typer.Option(help="Seed for prompts and workloads.")] = 1,
    header: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME: VALUE",
            help="Header of every request to the service, or @FILE with one in each line.",
        ),
    ] = None,
    collector: Annotated[
        str | None, typer.Option(help="URL of the collector that gets the client outcomes.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Play clips as viewers do; measure time to first playable, stalls and outcomes.

    Closed loop: a viewer requests the next clip when the previous one has ended.
    """
    import locust  # noqa: F401 - first: it makes the sockets of all later imports cooperative

    from framegate.loadtest.run import LoadPlan
    from framegate.loadtest.service.connection import ServiceConnection, service_url
    from framegate.loadtest.service.headers import service_headers
    from framegate.loadtest.session import run_and_show
    from framegate.loadtest.watch import RequestTemplate

    order = RequestTemplate(model=model, size=size, seconds=seconds)
    plan = LoadPlan(users=users, jobs=jobs, seed=seed)
    with ServiceConnection(
        service_url(url, option="--url"), service_headers(header or ())
    ) as service:
        code = run_and_show(service, order, plan, collector=collector, as_json=as_json)
    raise typer.Exit(code)
