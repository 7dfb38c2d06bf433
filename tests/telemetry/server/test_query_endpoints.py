"""Named queries: what they answer, and what they may cost."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from framegate.telemetry.client.collector_client import CollectorClient, CollectorUnavailableError
from framegate.telemetry.otlp.bodies import PROTOBUF
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.server.collector import Collector, application
from framegate.telemetry.signals import names
from framegate.telemetry.store.database import StoreUnavailableError, open_database
from framegate.telemetry.store.interrupt import CancelToken
from framegate.telemetry.store.named_queries import QUERIES, Query, bind_query
from framegate.telemetry.store.store import Store
from tests.conftest import running, serving
from tests.telemetry.spans import MANY, put_span

SECOND = 10**9
ENDLESS = Query(
    "SELECT sum(hash(a.range + b.range)) AS total FROM range(10000000) AS a, range(10000000) AS b "
    "WHERE $limit > 0 AND $since_ns = 0",
    {"since_ns": 0, "limit": 1},
)


@contextmanager
def answering(folder: Path, *, query_seconds: float = 30.0) -> Iterator[CollectorClient]:
    """A client of a collector over a store."""
    collector = Collector(folder, query_seconds=query_seconds)
    with serving(application(collector)) as url, CollectorClient(url) as client:
        yield client


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorClient]:
    with answering(tmp_path_factory.mktemp("empty")) as client:
        yield client


@pytest.fixture(scope="module")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorClient]:
    """A minute of a service: ten spans of 1 to 10 s, two of them failed, then two of another."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "maker"
    spans = resource.scope_spans.add().spans
    for number in range(12):
        span = spans.add(name="denoise" if number < 10 else "encode")
        span.trace_id, span.span_id = (number + 1).to_bytes(16), (number + 1).to_bytes(8)
        span.start_time_unix_nano = (60 if number < 10 else 120) * SECOND + number
        span.end_time_unix_nano = span.start_time_unix_nano + (number + 1) * SECOND
        span.attributes.add(key=names.MODEL).value.string_value = "m1" if number < 5 else "m2"
        if number in (3, 4):
            span.status.code = 2
            span.attributes.add(key=names.ERROR_TYPE).value.string_value = "timeout"
    body = request.SerializeToString()
    with running(application(Collector(tmp_path_factory.mktemp("minute")))) as collector:
        httpx.post(f"{collector.url}/v1/traces", content=body, headers={"content-type": PROTOBUF})
        yield collector.client


def test_rates_count_spans_errors_and_durations_by_bucket(minute: CollectorClient) -> None:
    first, second = minute.query("rates", service="maker").table.to_pylist()
    assert (first["time_ns"], first["name"], first["spans"], first["errors"]) == (
        60 * SECOND,
        "denoise",
        10,
        2,
    )
    assert (first["p50_seconds"], first["p95_seconds"]) == (5.5, pytest.approx(9.55))
    assert (second["time_ns"], second["name"], second["spans"]) == (120 * SECOND, "encode", 2)
    (hour,) = minute.query("rates", name="denoise", step_seconds=3600).table.to_pylist()
    assert (hour["time_ns"], hour["spans"]) == (0, 10)


def test_durations_are_told_apart_by_model(minute: CollectorClient) -> None:
    rows = minute.query("durations", name="denoise").table.to_pylist()
    assert [(row["model"], row["spans"], row["max_seconds"]) for row in rows] == [
        ("m1", 5, 5.0),
        ("m2", 5, 10.0),
    ]


def test_errors_are_grouped_with_the_newest_trace_of_each(minute: CollectorClient) -> None:
    (row,) = minute.query("errors").table.to_pylist()
    assert (row["error_type"], row["errors"], row["trace_id"]) == (
        "timeout",
        2,
        (5).to_bytes(16).hex(),
    )


def test_the_slowest_come_first(minute: CollectorClient) -> None:
    rows = minute.query("slowest", name="denoise", limit=3).table.to_pylist()
    assert [row["duration_ns"] // SECOND for row in rows] == [10, 9, 8]


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_answers_an_empty_store(empty: CollectorClient, name: str) -> None:
    answer = empty.query(name)
    assert answer.table.num_rows == 0
    assert answer.watermark_ns is None


@pytest.mark.parametrize("name", QUERIES)
def test_a_parameter_is_a_value_and_never_a_piece_of_the_query(
    empty: CollectorClient, name: str
) -> None:
    for key, default in QUERIES[name].parameters.items():
        if default is None:
            assert empty.query(name, **{key: "' OR 1=1 --"}).table.num_rows == 0
        else:
            with pytest.raises(InputError, match=r"not a whole number|Invalid JSON"):
                empty.query(name, **{key: "1; DROP TABLE spans"})


@pytest.mark.parametrize(
    ("key", "value"),
    [("limit", 1_000_001), ("since_ns", -1), ("until_ns", 2**63), ("step_seconds", 0)],
)
def test_numbers_out_of_range_are_named(key: str, value: int) -> None:
    with pytest.raises(InputError, match=f"parameter '{key}'"):
        bind_query("rates", {key: str(value)})


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of one span more than a query answers unless told."""
    folder = tmp_path_factory.mktemp("million")
    with open_database(folder) as connection:
        connection.execute(MANY, [1_000_001])
    return folder


def test_an_answer_that_was_cut_short_does_not_pass_for_all_rows(million: Path) -> None:
    with answering(million) as client:
        with pytest.raises(InputError, match="more rows than the limit"):
            client.spans()
        answer = client.query("spans", limit=10)
        assert (answer.table.num_rows, answer.truncated) == (10, True)
        assert not client.query("spans", until_ns=99).truncated


def test_a_query_past_its_time_is_ended(million: Path) -> None:
    with answering(million, query_seconds=0.02) as client:
        with pytest.raises(
            CollectorUnavailableError, match=r"503: query 'spans' canceled: timed out after 0.02 s"
        ):
            client.query("spans")
        assert 'ended_queries_total{why="time"} 1.0' in metrics(client)


def test_a_query_whose_client_has_left_is_ended(million: Path) -> None:
    with answering(million) as client:
        host, port = urlsplit(client.url).netloc.split(":")
        with socket.create_connection((host, int(port))) as leaving:
            leaving.sendall(b"GET /query/spans HTTP/1.1\r\nhost: x\r\n\r\n")
        deadline = time.monotonic() + 60
        while 'ended_queries_total{why="left"} 1.0' not in metrics(client):
            assert time.monotonic() < deadline


def metrics(client: CollectorClient) -> str:
    return httpx.get(f"{client.url}/metrics").text


@contextmanager
def endless_query(store: Store) -> Iterator[list[str]]:
    """A query that runs until the end of the block; the list then says how it ended."""
    stop = CancelToken()
    ended: list[str] = []

    def ask() -> None:
        try:
            store.read(ENDLESS, ENDLESS.parameters, stop=stop)
        except StoreUnavailableError as error:
            ended.append(str(error))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield ended
    finally:
        stop.cancel("enough")
        asking.join(timeout=60)


def test_a_query_without_end_can_be_stopped(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with endless_query(store) as ended:
        assert ended == []
    assert ended == ["enough"]
    store.close()


def test_ingest_goes_on_while_a_query_runs(tmp_path: Path) -> None:
    """A reader holds a snapshot, and no lock that a commit would wait for."""
    store = Store(tmp_path)
    with endless_query(store) as ended:
        for number in range(20):
            put_span(store, start_ns=number)
        assert ended == []
    assert store.read(*bind_query("spans", {})).table.num_rows == 20
    store.close()
