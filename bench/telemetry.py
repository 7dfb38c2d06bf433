"""Durable ingest beside a receiver that inserts row by row, on the same bodies in one run.

``python -m bench.telemetry``
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import typer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bench.sides import Row, row, show
from telemetry.listen import LISTEN_FD, listening_socket, url_of
from telemetry.otlp import PROTOBUF

SPANS, ATTRIBUTES = 512, 10  # of one body
CLIENTS = (1, 4, 16)
OURS = ("-m", "framegate", "collector", "--grpc-port", "0", "--data")
PEER = ("-m", "bench.plain_receiver")
SIDES = {"ours": OURS, "executemany": PEER}


@dataclass(frozen=True, slots=True)
class Load:
    """What one side did under one load; ``ack_seconds`` has one value per request."""

    spans_per_second: float
    ack_seconds: tuple[float, ...]


def body(number: int) -> bytes:
    """One request of its own ids."""
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.add(key="service.name").value.string_value = "bench"
    spans = group.scope_spans.add().spans
    for index in range(SPANS):
        start_ns = time.time_ns()
        span = spans.add(name="denoise", start_time_unix_nano=start_ns)
        span.end_time_unix_nano = start_ns + 1_000_000
        span.trace_id, span.span_id = number.to_bytes(16), (index + 1).to_bytes(8)
        for key in range(ATTRIBUTES):
            span.attributes.add(key=f"video.attribute.{key}").value.string_value = f"value {index}"
    return bytes(request.SerializeToString())


@contextmanager
def running(command: Sequence[str], data: Path) -> Iterator[str]:
    """A receiver in a process of its own; yields its URL."""
    with listening_socket("127.0.0.1", 0) as open_socket:
        process = subprocess.Popen(
            [sys.executable, *command, str(data)],
            env=os.environ | {LISTEN_FD: str(open_socket.fileno())},
            pass_fds=[open_socket.fileno()],
        )
        url = url_of(open_socket)
    try:
        httpx.get(f"{url}/readyz", timeout=60).raise_for_status()
        yield url
    finally:
        process.terminate()
        process.wait(timeout=60)


def under_load(url: str, bodies: Sequence[bytes], *, clients: int, seconds: float) -> Load:
    """As many requests as the clients can send one after the other; no body is sent twice."""
    numbers = count()
    acks: list[float] = []
    started = time.perf_counter()

    def send() -> None:
        connection = HTTPConnection(urlsplit(url).netloc)
        while time.perf_counter() - started < seconds:
            number = next(numbers)
            if number >= len(bodies):
                return
            asked = time.perf_counter()
            connection.request("POST", "/v1/traces", bodies[number], {"content-type": PROTOBUF})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{url} answered {answer.status}")
            acks.append(time.perf_counter() - asked)
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load(len(acks) * SPANS / (time.perf_counter() - started), tuple(acks))


def rows(seconds: float, rounds: int) -> list[Row]:
    bodies = [body(number) for number in range(int(200 * seconds))]
    found: list[Row] = []
    for clients in CLIENTS:
        loads: dict[str, list[Load]] = {side: [] for side in SIDES}
        for _ in range(rounds):
            for side, command in SIDES.items():
                with (
                    tempfile.TemporaryDirectory() as folder,
                    running(command, Path(folder) / "store") as url,
                ):
                    loads[side].append(under_load(url, bodies, clients=clients, seconds=seconds))
        for side, seen in loads.items():
            what = f"{side}, {clients} clients"
            acks = [value for load in seen for value in load.ack_seconds]
            found.append(row(f"spans, {what}", "1/s", [load.spans_per_second for load in seen]))
            found.append(row(f"ack, {what}", "ms", acks, scale=1e3))
        pairs = zip(loads["ours"], loads["executemany"], strict=True)
        ratios = [ours.spans_per_second / peer.spans_per_second for ours, peer in pairs]
        found.append(row(f"spans, ours over executemany, {clients} clients", "times", ratios))
    return found


def main(
    seconds: Annotated[float, typer.Option(help="Length of each load.")] = 5.0,
    rounds: Annotated[int, typer.Option(help="Times that each load is run.", min=1)] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Spans stored durably, load generator on the same machine."""
    title = f"Durable ingest, {SPANS} spans of {ATTRIBUTES} attributes to a request"
    show(title, rows(seconds, rounds), as_json=as_json)


if __name__ == "__main__":
    typer.run(main)
