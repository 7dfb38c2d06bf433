"""framegate collector."""

from pathlib import Path
from typing import Annotated

import typer


def collector(
    data: Annotated[Path, typer.Option(help="Folder of the store.")],
    host: Annotated[str, typer.Option(help="Loopback address to listen on.")] = "127.0.0.1",
    http_port: Annotated[int, typer.Option(help="OTLP/HTTP and query port.")] = 4318,
) -> None:
    """Receive OTLP over HTTP, store it, and answer named queries."""
    from telemetry.collector import Collector, application
    from telemetry.listen import listening_socket, serve

    serve(application(Collector(data)), listening_socket(host, http_port))
