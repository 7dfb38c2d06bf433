"""framegate generator: the options of the reference generator."""

from pathlib import Path
from typing import Annotated

import typer


def generator(
    host: Annotated[str, typer.Option(help="Loopback address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the videos API.")] = 8080,
    workers: Annotated[
        int, typer.Option(help="Worker processes, each making one clip at a time.", min=1)
    ] = 1,
    artifacts: Annotated[str, typer.Option(help="Folder or URL for finished clips.")] = "clips",
    spool: Annotated[
        Path, typer.Option(help="Folder for clips that are still being written.")
    ] = Path("clips/.spool"),
    price_per_hour: Annotated[
        float,
        typer.Option(help="Price of one worker per hour, in any currency; 0 if unknown.", min=0.0),
    ] = 0.0,
) -> None:
    """Run the reference generator; its signals go to OTEL_EXPORTER_OTLP_ENDPOINT if that is set."""
    from framegate.generator.service.api import Api, application
    from framegate.generator.service.instruments import Instruments
    from framegate.generator.service.job_service import JobService
    from framegate.generator.service.settings import GeneratorSettings
    from framegate.telemetry.platform.listen import listening_socket, serve, url_of
    from framegate.telemetry.sdk.sdk import start_telemetry

    open_socket = listening_socket(host, port)
    telemetry = start_telemetry("framegate-generator")
    settings = GeneratorSettings(
        url_of(open_socket), artifacts, spool, workers, price_per_hour=price_per_hour
    )
    service = JobService(settings, Instruments(telemetry))
    serve(application(Api(service, telemetry)), open_socket)
