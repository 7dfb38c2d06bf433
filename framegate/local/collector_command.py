"""framegate collector: the collector, with the SLO engine beside it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

# A commit releases and takes the interpreter lock a dozen times; with Python's default switch
# interval of 5 ms it would wait for the decoder far longer than it works.
SWITCH_SECONDS = 0.00005


def collector(
    data: Annotated[Path, typer.Option(help="Folder of the store.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    http_port: Annotated[int, typer.Option(help="Port for OTLP/HTTP and queries.")] = 4318,
    grpc_port: Annotated[int, typer.Option(help="Port for OTLP/gRPC; 0 for any free port.")] = 4317,
    tokens: Annotated[Path | None, typer.Option(help="File with scopes and tokens.")] = None,
    retain: Annotated[
        list[str] | None,
        typer.Option(help="Retention of a signal: logs=90d, traces=7d,20GB; repeatable."),
    ] = None,
    free_mb: Annotated[int, typer.Option(help="MB of disk to keep free.", min=1)] = 256,
    slo: Annotated[
        list[Path] | None,
        typer.Option(help="OpenSLO file or folder; repeatable. [built-in]"),
    ] = None,
    notify: Annotated[Path | None, typer.Option(help="File of notification targets.")] = None,
    tls_certificate: Annotated[
        Path | None, typer.Option(help="TLS certificate, a PEM file.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="TLS private key, a PEM file.")] = None,
) -> None:
    """Receive OTLP over HTTP and gRPC, store it, serve queries, and evaluate objectives.

    Listens on other addresses than loopback only when callers need a token.
    """
    from framegate.gate.canary.endpoint import canary_service
    from framegate.local.slo_engine import slo_service
    from framegate.telemetry.platform.access import load_access
    from framegate.telemetry.platform.listen import listening_socket, load_tls, serve, url_of
    from framegate.telemetry.platform.logs import configure_logging
    from framegate.telemetry.server.collector import Collector, application
    from framegate.telemetry.server.grpc_server import rpc_server
    from framegate.telemetry.store.retention import parse_retention

    limits = parse_retention(retain or [])
    configure_logging()
    sys.setswitchinterval(SWITCH_SECONDS)
    access, tls = load_access(tokens), load_tls(tls_certificate, tls_key)
    open_socket = listening_socket(host, http_port, guarded=access.requires_token)
    receiver = Collector(data, access=access, retain=limits, free_bytes=free_mb * 1_000_000)
    objectives = slo_service(receiver, specs=slo, notify=notify)
    with rpc_server(receiver.intake, host=host, port=grpc_port, tls=tls) as bound_port:
        receiver.log_startup(http=url_of(open_socket), grpc_port=bound_port)
        serve(application(receiver, objectives, canary_service(receiver)), open_socket, tls=tls)
