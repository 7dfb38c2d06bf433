"""kill -9 under load: what was acknowledged is stored, once."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from telemetry.client import CollectorClient
from telemetry.listen import LISTEN_FD, listening_socket, url_of
from telemetry.otlp import PROTOBUF

SENDERS, BODIES_EACH, SPANS_EACH = 6, 60, 5
KILLS, ACKS_BETWEEN_KILLS = 5, 50


@dataclass(slots=True)
class Mortal:
    """A collector that can be killed and started again on a socket that never closes.

    Requests that come while it is dead wait in the socket's queue.
    """

    data: Path
    listening: socket.socket
    process: "subprocess.Popen[bytes]" = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        options = ("--data", str(self.data), "--grpc-port", "0")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "framegate", "collector", *options],
            env=os.environ | {LISTEN_FD: str(self.listening.fileno())},
            pass_fds=[self.listening.fileno()],
        )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Mortal]:
    with listening_socket("127.0.0.1", 0) as listening:
        collector = Mortal(tmp_path / "store", listening)
        yield collector
        collector.process.terminate()
        assert collector.process.wait(timeout=30) in (0, -signal.SIGTERM)


def body(sender: int, number: int, *, spans_each: int = SPANS_EACH) -> bytes:
    """A few spans whose ids say who sent them."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for index in range(spans_each):
        span = spans.add(name="work", start_time_unix_nano=1_000, end_time_unix_nano=2_000)
        span.trace_id = sender.to_bytes(8) + number.to_bytes(8)
        span.span_id = (index + 1).to_bytes(8)
    return bytes(request.SerializeToString())


def deliver(url: str, data: bytes) -> None:
    """Send until it is acknowledged, as an SDK does."""
    while True:
        try:
            answer = httpx.post(
                f"{url}/v1/traces", content=data, headers={"content-type": PROTOBUF}, timeout=60
            )
        except httpx.TransportError:
            continue
        if answer.status_code == 200:
            return


def test_kills_under_load_lose_nothing_acknowledged_and_store_nothing_twice(
    mortal: Mortal,
) -> None:
    url, acknowledged = url_of(mortal.listening), threading.Semaphore(0)

    def send(sender: int) -> None:
        for number in range(BODIES_EACH):
            deliver(url, body(sender, number))
            acknowledged.release()

    senders = [threading.Thread(target=send, args=(n,), daemon=True) for n in range(SENDERS)]
    for thread in senders:
        thread.start()
    for _ in range(KILLS):
        for _ in range(ACKS_BETWEEN_KILLS):
            assert acknowledged.acquire(timeout=60)
        mortal.kill()
        mortal.start()
    for thread in senders:
        thread.join(timeout=120)
    with CollectorClient(url) as client:
        stored = [(span.trace_id, span.span_id) for span in client.spans()]
    assert len(stored) == SENDERS * BODIES_EACH * SPANS_EACH
    assert len(set(stored)) == len(stored)


def test_a_body_acknowledged_before_the_kill_may_be_sent_again_after_it(mortal: Mortal) -> None:
    url, data = url_of(mortal.listening), body(1, 1)
    deliver(url, data)
    mortal.kill()
    mortal.start()
    deliver(url, data)
    with CollectorClient(url) as client:
        assert len(client.spans()) == SPANS_EACH
