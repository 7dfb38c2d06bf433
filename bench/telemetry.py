"""The collector under load, beside a receiver that inserts row by row, in one run.

``python -m bench.telemetry``
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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
from framegate.telemetry.client.collector_client import CollectorClient
from framegate.telemetry.otlp.bodies import PROTOBUF
from framegate.telemetry.platform.clock import HOUR_NS
from framegate.telemetry.platform.listen import LISTEN_FD, listening_socket, url_of
from framegate.telemetry.store.database import open_database

SPANS, ATTRIBUTES = 512, 10  # of one body; one attribute in ten is never the same twice
CLIENTS = (1, 4, 16)
TARGET = 60_000  # spans a second
HALF = TARGET // 2
SENDERS = 16  # of a paced load
OURS = ("-m", "framegate", "collector", "--grpc-port", "0", "--data")
PEER = ("-m", "bench.plain_receiver")
SIDES = {"ours": OURS, "executemany": PEER}
DAYS = 3  # that the stored spans cover
ASKED = 20  # times that each query is asked

# A day's work of a service, made where it is stored: six stages to a job.
FILL = """
INSERT INTO spans BY NAME
SELECT
    make_timestamp_ns($1 - range * ($2::BIGINT * 86400000000000 // $3)) AS start_time,
    (1e6 + 1e9 * random() ** 4)::BIGINT AS duration_ns,
    md5((range // 6)::VARCHAR) AS trace_id,
    left(md5(range::VARCHAR), 16) AS span_id,
    'bench' AS service,
    ['video.job', 'video.queue', 'video.denoise', 'video.decode', 'video.encode', 'video.upload'
    ][range % 6 + 1] AS name,
    1 AS kind,
    CASE WHEN range % 97 = 0 THEN 2 ELSE 0 END AS status,
    'job-' || (range // 6)::VARCHAR AS job_id,
    'model-' || (range // 6 % 3)::VARCHAR AS model,
    CASE WHEN range % 97 = 0 THEN 'timeout' END AS error_type,
    {'gpu.host': 'host-' || (range % 40)::VARCHAR, 'video.width': 256, 'note': range}::VARIANT
        AS attributes,
    1 AS origin_id
FROM range($3 - 1, -1, -1)
"""


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
        span.attributes.add(key="video.job.id").value.string_value = f"job-{number}-{index}"
        for key in range(ATTRIBUTES - 1):
            span.attributes.add(key=f"video.attribute.{key}").value.string_value = f"value {index}"
    return bytes(request.SerializeToString())


@contextmanager
def running(command: Sequence[str], data: Path) -> Iterator[str]:
    """A receiver in a process of its own, its log beside its data; yields its URL."""
    with listening_socket("127.0.0.1", 0) as open_socket, data.with_suffix(".log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, *command, str(data)],
            env=os.environ | {LISTEN_FD: str(open_socket.fileno())},
            pass_fds=[open_socket.fileno()],
            stderr=log,
        )
        url = url_of(open_socket)
    try:
        httpx.get(f"{url}/readyz", timeout=60).raise_for_status()
        yield url
    finally:
        process.terminate()
        process.wait(timeout=60)


def sender(url: str) -> Callable[[bytes], None]:
    """One client, with a connection of its own."""
    connection = HTTPConnection(urlsplit(url).netloc)

    def send(data: bytes) -> None:
        connection.request("POST", "/v1/traces", data, {"content-type": PROTOBUF})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{url} answered {answer.status}")

    return send


def at_once(work: Callable[[], None], *, threads: int) -> None:
    with ThreadPoolExecutor(threads) as pool:
        for started in [pool.submit(work) for _ in range(threads)]:
            started.result()


def unpaced(url: str, bodies: Sequence[bytes], *, clients: int, seconds: float) -> Load:
    """As many requests as the clients can send one after the other; no body is sent twice."""
    numbers = count()
    acks: list[float] = []
    started = time.perf_counter()

    def work() -> None:
        send = sender(url)
        while (asked := time.perf_counter()) - started < seconds:
            number = next(numbers)
            if number >= len(bodies):
                return
            send(bodies[number])
            acks.append(time.perf_counter() - asked)

    at_once(work, threads=clients)
    return Load(len(acks) * SPANS / (time.perf_counter() - started), tuple(acks))


def paced(url: str, bodies: Sequence[bytes], *, rate: int) -> Load:
    """Every body once, at so many spans a second.

    Acknowledgements are timed from when a body was due, so that a stall counts for all it held up.
    The first second is not counted: the collector has just started.
    """
    numbers = count()
    acks: list[float] = []
    started = time.perf_counter()

    def work() -> None:
        send = sender(url)
        while (number := next(numbers)) < len(bodies):
            due = started + number * SPANS / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            send(bodies[number])
            if number * SPANS >= rate:
                acks.append(time.perf_counter() - due)

    at_once(work, threads=SENDERS)
    return Load(len(bodies) * SPANS / (time.perf_counter() - started), tuple(acks))


def load_rows(title: str, loads: Sequence[Load]) -> list[Row]:
    acks = [sorted(load.ack_seconds) for load in loads]
    return [
        row(f"spans, {title}", "1/s", [load.spans_per_second for load in loads]),
        row(f"ack p50, {title}", "ms", [quantile(seen, 0.5) for seen in acks], scale=1e3),
        row(f"ack p99, {title}", "ms", [quantile(seen, 0.99) for seen in acks], scale=1e3),
    ]


def quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def ingest_rows(seconds: float, rounds: int) -> list[Row]:
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
                    loads[side].append(unpaced(url, bodies, clients=clients, seconds=seconds))
        for side, seen in loads.items():
            found.extend(load_rows(f"{side}, {clients} clients", seen))
        pairs = zip(loads["ours"], loads["executemany"], strict=True)
        ratios = [ours.spans_per_second / peer.spans_per_second for ours, peer in pairs]
        found.append(row(f"spans, ours over executemany, {clients} clients", "times", ratios))
    return found


def half_load_rows(seconds: float, rounds: int) -> list[Row]:
    bodies = [body(number) for number in range(int(HALF / SPANS * seconds))]
    loads: list[Load] = []
    for _ in range(rounds):
        with (
            tempfile.TemporaryDirectory() as folder,
            running(OURS, Path(folder) / "store") as url,
        ):
            loads.append(paced(url, bodies, rate=HALF))
    return load_rows(f"ours, paced at {HALF}/s", loads)


def fill(folder: Path, spans: int) -> int:
    """A store of that many spans; returns the newest one's time."""
    connection = open_database(folder)
    newest_ns = time.time_ns()
    connection.execute(FILL, [newest_ns, DAYS, spans])
    connection.execute("CHECKPOINT")
    connection.close()
    return newest_ns


def questions(newest_ns: int, spans: int) -> dict[str, tuple[str, dict[str, str | int]]]:
    """What an on-call engineer asks, by what it is called in the table."""
    hour, day = newest_ns - HOUR_NS, newest_ns - 24 * HOUR_NS
    middle = spans // 12
    return {
        "rates, 1 h by minute": ("rates", {"since_ns": hour}),
        "rates, 24 h by hour": ("rates", {"since_ns": day, "step_seconds": 3600}),
        "durations, 1 h": ("durations", {"since_ns": hour}),
        "durations, 24 h, one name": ("durations", {"since_ns": day, "name": "video.denoise"}),
        "errors, 24 h": ("errors", {"since_ns": day}),
        "slowest 50, 24 h": ("slowest", {"since_ns": day}),
        "one job's spans, all time": ("spans", {"job_id": f"job-{middle}"}),
        "one job's spans, 1 h": ("spans", {"job_id": "job-7", "since_ns": hour}),
    }


def query_rows(folder: Path, spans: int, seconds: float) -> list[Row]:
    newest_ns = fill(folder, spans)
    found: list[Row] = []
    asked = questions(newest_ns, spans)
    bodies = [body(number) for number in range(int(HALF / SPANS * seconds))]
    with running(OURS, folder) as url, CollectorClient(url) as client:
        for what, (name, parameters) in asked.items():
            found.append(row(f"{what}, idle", "ms", ask(client, name, parameters), scale=1e3))
        ingest = threading.Thread(target=paced, args=(url, bodies), kwargs={"rate": HALF})
        ingest.start()
        for what, (name, parameters) in asked.items():
            found.append(row(f"{what}, {HALF}/s", "ms", ask(client, name, parameters), scale=1e3))
        if not ingest.is_alive():
            raise RuntimeError("the ingest ended before the queries: give it more seconds")
        ingest.join()
    return found


def ask(client: CollectorClient, name: str, parameters: dict[str, str | int]) -> list[float]:
    seconds = []
    for _ in range(ASKED):
        started = time.perf_counter()
        answer = client.query(name, **parameters)
        seconds.append(time.perf_counter() - started)
        if not answer.table.num_rows:
            raise RuntimeError(f"query {name} found nothing")
    return seconds


def main(
    seconds: Annotated[float, typer.Option(help="Length of each load.")] = 5.0,
    rounds: Annotated[int, typer.Option(help="Times that each load is run.", min=1)] = 3,
    spans: Annotated[int, typer.Option(help="Spans that queries are asked over.")] = 10_000_000,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Spans stored durably and asked for, load generator on the same machine."""
    found = ingest_rows(seconds, rounds) + half_load_rows(4 * seconds, rounds)
    with tempfile.TemporaryDirectory() as folder:
        found += query_rows(Path(folder) / "store", spans, 8 * seconds)
    title = f"Collector, {SPANS} spans of {ATTRIBUTES} attributes to a request, {spans} stored"
    show(title, found, as_json=as_json)


if __name__ == "__main__":
    typer.run(main)
