"""A collector on its HTTP port and its gRPC port."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from framegate.telemetry.client.collector_client import CollectorClient
from framegate.telemetry.otlp.bodies import BODY_LIMIT_BYTES
from framegate.telemetry.server.collector import QUEUE_BYTES, Collector, application
from framegate.telemetry.server.grpc_server import rpc_server
from tests.conftest import serving

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


@dataclass(frozen=True, slots=True)
class Running:
    """One collector on both of its ports."""

    url: str
    address: str
    client: CollectorClient


@contextmanager
def both_ports(
    folder: Path, *, queue_bytes: int = QUEUE_BYTES, body_limit: int = BODY_LIMIT_BYTES
) -> Iterator[Running]:
    collector = Collector(folder, queue_bytes=queue_bytes, body_limit=body_limit)
    with (
        serving(application(collector)) as url,
        rpc_server(collector.intake, host="127.0.0.1", port=0) as port,
        CollectorClient(url) as client,
    ):
        yield Running(url, f"127.0.0.1:{port}", client)
