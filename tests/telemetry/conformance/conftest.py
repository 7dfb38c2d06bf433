"""Which endpoint is checked: ours, started here, or the one that two variables name."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from framegate.telemetry.otlp.bodies import BODY_LIMIT_BYTES
from tests.telemetry.ports import both_ports

HTTP, GRPC, LIMIT = "OTLP_HTTP", "OTLP_GRPC", "OTLP_LIMIT_BYTES"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OTLP receiver: HTTP base URL, gRPC host and port, and the largest body it takes."""

    http: str
    grpc: str
    limit_bytes: int


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    limit_bytes = int(os.environ.get(LIMIT, BODY_LIMIT_BYTES))
    if HTTP in os.environ or GRPC in os.environ:
        yield Endpoint(os.environ.get(HTTP, ""), os.environ.get(GRPC, ""), limit_bytes)
        return
    with both_ports(tmp_path_factory.mktemp("store")) as ours:
        yield Endpoint(ours.url, ours.address, limit_bytes)


@pytest.fixture(scope="module")
def http_url(endpoint: Endpoint) -> str:
    if not endpoint.http:
        pytest.skip(f"{HTTP} names no endpoint")
    return endpoint.http.rstrip("/")


@pytest.fixture(scope="module")
def grpc_address(endpoint: Endpoint) -> str:
    if not endpoint.grpc:
        pytest.skip(f"{GRPC} names no endpoint")
    return endpoint.grpc


@pytest.fixture(scope="module")
def overloaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An endpoint with no room; only ours can be made to have none."""
    if HTTP in os.environ or GRPC in os.environ:
        pytest.skip("a foreign endpoint cannot be told to be overloaded")
    with both_ports(tmp_path_factory.mktemp("full"), queue_bytes=1) as ours:
        yield Endpoint(ours.url, ours.address, BODY_LIMIT_BYTES)
