"""framegate dashboards."""

import os
from typing import Annotated

import typer


def dashboards(
    collector: Annotated[str | None, typer.Option(help="URL of the collector.")] = None,
    host: Annotated[str, typer.Option(help="Loopback address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8501,
) -> None:
    """Serve the dashboard: objectives, latency, scores, clips."""
    from framegate.dashboards.server import application
    from framegate.telemetry.client.collector_url import COLLECTOR_VARIABLE
    from framegate.telemetry.platform.listen import listening_socket, serve

    open_socket = listening_socket(host, port)
    if collector:
        os.environ[COLLECTOR_VARIABLE] = collector  # Streamlit's pages take no arguments
    serve(application(), open_socket)
