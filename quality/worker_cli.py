"""framegate quality worker."""

from pathlib import Path
from typing import Annotated

import typer


def worker(
    collector: Annotated[str | None, typer.Option(help="URL of the collector.")] = None,
    artifacts: Annotated[Path | None, typer.Option(help="Folder whose files may be read.")] = None,
    host: Annotated[str, typer.Option(help="Loopback address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of /healthz and /metrics.")] = 8090,
) -> None:
    """Score finished clips as they come, and report the scores to the collector."""
    from quality.fetch import Fetcher
    from quality.service import Service, application
    from quality.worker import Worker
    from telemetry.client import CollectorClient
    from telemetry.listen import listening_socket, serve
    from telemetry.sdk import start_telemetry

    client = CollectorClient(collector)
    telemetry = start_telemetry("framegate-quality", endpoint=client.url)
    scorer = Worker(client, telemetry, Fetcher(root=artifacts))
    serve(application(Service(scorer, telemetry)), listening_socket(host, port))
