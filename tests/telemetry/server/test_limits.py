"""Clients that are slow, leave in the middle, or send more than there is room for."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from framegate.telemetry.server.collector import Collector, application
from tests.conftest import serving
from tests.telemetry.conformance.bodies import PROTOBUF, protobuf

ROOM = 100_000


@contextmanager
def half_sent(url: str, announced: int, sent: int) -> Iterator[socket.socket]:
    """A connection on which a body has begun and not ended."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), 60) as connection:
        head = (
            "POST /v1/traces HTTP/1.1",
            "host: x",
            f"content-type: {PROTOBUF}",
            f"content-length: {announced}",
        )
        connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + b"\0" * sent)
        yield connection


def queue_bytes(url: str) -> float:
    lines = httpx.get(f"{url}/metrics").text.splitlines()
    (line,) = [line for line in lines if line.startswith("framegate_collector_queue_bytes ")]
    return float(line.split()[1])


def until(url: str, size_bytes: int) -> None:
    deadline = time.monotonic() + 60
    while queue_bytes(url) != size_bytes:
        assert time.monotonic() < deadline, queue_bytes(url)


def test_a_collector_that_is_nearly_full_is_not_ready_and_then_is_again(tmp_path: Path) -> None:
    with serving(application(Collector(tmp_path, queue_bytes=ROOM))) as url:
        with half_sent(url, ROOM, ROOM * 85 // 100):
            until(url, ROOM * 85 // 100)
            assert httpx.get(f"{url}/readyz").status_code == 503
            assert httpx.get(f"{url}/healthz").status_code == 200
            with half_sent(url, ROOM, ROOM // 4) as late:
                assert late.recv(12) == b"HTTP/1.1 503"
        until(url, 0)  # the client that left gives its room back
        assert httpx.get(f"{url}/readyz").status_code == 200


def test_a_body_that_trickles_in_is_given_up(tmp_path: Path) -> None:
    with (
        serving(application(Collector(tmp_path, body_seconds=0.2))) as url,
        half_sent(url, 1000, 10) as slow,
    ):
        assert slow.recv(12) == b"HTTP/1.1 408"
        until(url, 0)
        body = protobuf("traces")
        answer = httpx.post(f"{url}/v1/traces", content=body, headers={"content-type": PROTOBUF})
        assert answer.status_code == 200
