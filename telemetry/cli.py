"""framegate collector."""

from pathlib import Path
from typing import Annotated

import typer


def collector(
    data: Annotated[Path, typer.Option(help="Folder of the store.")],
    host: Annotated[str, typer.Option(help="Loopback address to listen on.")] = "127.0.0.1",
    http_port: Annotated[int, typer.Option(help="OTLP/HTTP and query port.")] = 4318,
    grpc_port: Annotated[int, typer.Option(help="OTLP/gRPC port; 0 for any free one.")] = 4317,
) -> None:
    """Receive OTLP over HTTP and gRPC, store it, and answer named queries."""
    from telemetry.collector import Collector, application
    from telemetry.listen import listening_socket, serve
    from telemetry.rpc import rpc_server

    open_socket = listening_socket(host, http_port)
    receiver = Collector(data)
    with rpc_server(receiver.intake, host=host, port=grpc_port):
        serve(application(receiver), open_socket)
