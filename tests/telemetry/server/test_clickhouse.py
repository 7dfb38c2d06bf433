"""The same events in DuckDB and in ClickHouse: the same answers."""

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import clickhouse_connect
import httpx
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from framegate.telemetry.client.collector_client import CollectorClient
from framegate.telemetry.otlp import bodies
from framegate.telemetry.otlp.bodies import PROTOBUF, Signal
from framegate.telemetry.platform.access import Access
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.server.clickhouse import ClickHouseStore, application, connect_clickhouse
from framegate.telemetry.server.leases import Leases
from framegate.telemetry.signals import names
from framegate.telemetry.signals.names import JobState
from framegate.telemetry.store.database import StoreUnavailableError
from framegate.telemetry.store.named_queries import QUERIES, Query, bind_query
from framegate.telemetry.store.sampling import parse_sampling_rules, sampling_rules_json
from framegate.telemetry.store.store import Store
from tests.commands import run_command
from tests.conftest import serving

DDL = Path(__file__).parents[1] / "clickhouse.sql"
SECOND = 10**9
START_NS = 1_700_000_000 * SECOND
JOBS = 300
KINDS = ("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")
STATUSES = ("Unset", "Ok", "Error")
# What the exporter writes in another form: attributes as text, events without their attributes.
ANOTHER_FORM = {"attributes_json", "resource_json", "events_json", "links_json", "exemplars_json"}
ASKED: list[tuple[str, dict[str, str]]] = [
    *((name, {}) for name in QUERIES),
    ("jobs", {"state": "complete", "model": "m1"}),
    ("jobs", {"since_ns": str(START_NS + 500 * SECOND), "longest_job_ns": str(60 * SECOND)}),
    ("jobs", {"job_id": "job-7"}),
    ("unscored", {"since_ns": str(START_NS + 500 * SECOND)}),
    (
        "unscored",
        {"samples": sampling_rules_json(parse_sampling_rules(["batch/m1=0.4", "*/m2=0.6"]))},
    ),
    ("scores", {"metric": "ssim_wang_rgb_v1"}),
    ("scores", {"model": "m2", "since_ns": str(START_NS + 900 * SECOND)}),
    ("spans", {"job_id": "job-9"}),
    ("rates", {"step_seconds": "600", "model": "m1"}),
    ("durations", {"name": "video.denoise"}),
    ("slowest", {"name": "video.job", "limit": "7"}),
    ("logs", {"severity": "13"}),
    ("metric_points", {"metric": "things"}),
]


@dataclass(frozen=True, slots=True)
class Both:
    """One set of events in both engines."""

    store: Store
    clickhouse: ClickHouseStore


def events(source: random.Random) -> ExportLogsServiceRequest:
    """Jobs that end well, badly or never, told in any order; some are scored, one twice."""
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    group.resource.attributes.add(key="service.name").value.string_value = "maker"
    scope = group.scope_logs.add()
    scope.scope.name = "scope"
    told: list[tuple[int, str, dict[str, Any]]] = []
    for number in range(JOBS):
        at = START_NS + number * 5 * SECOND
        job = {
            names.JOB_ID: f"job-{number}",
            names.WORKLOAD: source.choice(["interactive", "batch"]),
            names.MODEL: source.choice(["m1", "m2"]),
            names.SEED: number,
            names.FPS: 24.0,
        }
        last = source.choice([JobState.COMPLETE, JobState.COMPLETE, JobState.FAILED, None])
        told.append((at, names.EVENT_JOB_STATE, job | {names.JOB_STATE: "queued"}))
        told.append((at + SECOND, names.EVENT_JOB_STATE, job | {names.JOB_STATE: "processing"}))
        playable = job | {names.JOB_STATE: "processing", names.TIME_TO_FIRST_PLAYABLE: 1.25}
        told.append((at + 2 * SECOND, names.EVENT_FIRST_PLAYABLE, playable))
        if last:
            ended = {names.JOB_STATE: str(last), names.CLIP_URL: f"http://127.0.0.1/{number}"}
            failed = {names.ERROR_TYPE: "timeout"} if last is JobState.FAILED else {}
            told.append((at + 9 * SECOND, names.EVENT_JOB_STATE, job | ended | failed))
        for again in range(source.choice([0, 1, 2])):
            score = {names.EVALUATION_NAME: "ssim_wang_rgb_v1", names.EVALUATION_FRAMES: 24}
            value = {names.EVALUATION_VALUE: source.random()} if source.random() < 0.8 else {}
            why = {} if value else {names.EVALUATION_EXPLANATION: "404"}
            told.append(
                (at + (20 + again) * SECOND, names.EVENT_EVALUATION, job | score | value | why)
            )
        outcome = {names.OUTCOME: "complete", names.PLAYABLE: True, names.STALL_SECONDS: 0.5}
        told.append((at + 10 * SECOND + number, names.EVENT_CLIENT_OUTCOME, job | outcome))
    source.shuffle(told)
    for time_ns, name, attributes in told:
        record = scope.log_records.add(time_unix_nano=time_ns, event_name=name)
        record.observed_time_unix_nano = time_ns
        record.trace_id = hashlib.md5(attributes[names.JOB_ID].encode()).digest()
        record.severity_number, record.severity_text = source.choice([(9, "INFO"), (17, "ERROR")])
        put(record.attributes, attributes)
    return request


def spans(source: random.Random) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.add(key="service.name").value.string_value = "maker"
    scope = group.scope_spans.add()
    scope.scope.name, scope.scope.version = "scope", "1"
    for number in range(JOBS):
        for index, name in enumerate((names.SPAN_JOB, names.SPAN_DENOISE)):
            span = scope.spans.add(name=name, kind=source.randrange(1, 6))
            span.trace_id = (number + 1).to_bytes(16)
            span.span_id = (2 * number + index + 1).to_bytes(8)
            span.start_time_unix_nano = START_NS + number * 5 * SECOND + index
            span.end_time_unix_nano = span.start_time_unix_nano + source.randrange(10**9)
            attributes = {names.JOB_ID: f"job-{number}", names.MODEL: source.choice(["m1", "m2"])}
            if source.random() < 0.2:
                span.status.code, span.status.message = 2, "broken"
                attributes[names.ERROR_TYPE] = source.choice(["timeout", "oom"])
            put(span.attributes, attributes)
    return request


def metrics() -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add()
    group.resource.attributes.add(key="service.name").value.string_value = "maker"
    scope = group.scope_metrics.add()
    for number in range(10):
        times = {"time_unix_nano": START_NS + number, "start_time_unix_nano": START_NS}
        gauge = scope.metrics.add(name="level", unit="1")
        gauge.gauge.data_points.add(as_double=number / 2, **times)
        total = scope.metrics.add(name="things", unit="{thing}", description="counts").sum
        total.aggregation_temporality, total.is_monotonic = 2, True
        total.data_points.add(as_int=number, **times)
        histogram = scope.metrics.add(name="seconds", unit="s").histogram
        histogram.aggregation_temporality = 2
        histogram.data_points.add(
            count=3, sum=4.5, explicit_bounds=[1, 2], bucket_counts=[1, 1, 1], **times
        )
        exponential = scope.metrics.add(name="sizes").exponential_histogram
        exponential.aggregation_temporality = 1
        exponential.data_points.add(count=2, sum=3.0, scale=1, **times)
    return request


def put(target: Any, attributes: dict[str, Any]) -> None:
    kinds = {bool: "bool_value", int: "int_value", float: "double_value", str: "string_value"}
    for key, value in attributes.items():
        setattr(target.add(key=key).value, kinds[type(value)], value)


def as_texts(attributes: Any) -> dict[str, str]:
    """Attributes as the exporter writes them: every value is text."""
    found = {}
    for item in attributes:
        value = getattr(item.value, item.value.WhichOneof("value"))
        found[item.key] = value if isinstance(value, str) else json.dumps(value)
    return found


def insert(client: Any, table: str, rows: list[dict[str, Any]]) -> None:
    columns = list(rows[0])
    client.insert(table, [[row[column] for column in columns] for row in rows], columns)


def fill(client: Any, logs: Any, traces: Any, points: Any) -> None:
    """What the exporter does with the three requests."""
    for statement in DDL.read_text().split(";"):
        if statement.strip():
            client.command(statement)
    origin = {"ResourceAttributes": {"service.name": "maker"}, "ServiceName": "maker"}
    insert(
        client,
        "otel_logs",
        [
            {
                **origin,
                "Timestamp": record.time_unix_nano,
                "TraceId": record.trace_id.hex(),
                "SeverityNumber": record.severity_number,
                "SeverityText": record.severity_text,
                "ScopeName": "scope",
                "LogAttributes": as_texts(record.attributes),
                "EventName": record.event_name,
            }
            for record in logs.resource_logs[0].scope_logs[0].log_records
        ],
    )
    insert(
        client,
        "otel_traces",
        [
            {
                **origin,
                "Timestamp": span.start_time_unix_nano,
                "TraceId": span.trace_id.hex(),
                "SpanId": span.span_id.hex(),
                "SpanName": span.name,
                "SpanKind": KINDS[span.kind],
                "ScopeName": "scope",
                "ScopeVersion": "1",
                "SpanAttributes": as_texts(span.attributes),
                "Duration": span.end_time_unix_nano - span.start_time_unix_nano,
                "StatusCode": STATUSES[span.status.code],
                "StatusMessage": span.status.message,
            }
            for span in traces.resource_spans[0].scope_spans[0].spans
        ],
    )
    for metric in points.resource_metrics[0].scope_metrics[0].metrics:
        kind = metric.WhichOneof("data")
        insert(client, f"otel_metrics_{kind}", [origin | metric_row(metric, kind)])


def metric_row(metric: Any, kind: str) -> dict[str, Any]:
    data = getattr(metric, kind)
    point = data.data_points[0]
    row = {
        "MetricName": metric.name,
        "MetricUnit": metric.unit,
        "MetricDescription": metric.description,
        "TimeUnix": point.time_unix_nano,
        "StartTimeUnix": point.start_time_unix_nano,
    }
    if kind != "gauge":
        row["AggregationTemporality"] = data.aggregation_temporality
    if kind in ("gauge", "sum"):
        row["Value"] = float(getattr(point, point.WhichOneof("value")))
    else:
        row |= {"Count": point.count, "Sum": point.sum}
    if kind == "sum":
        row["IsMonotonic"] = data.is_monotonic
    if kind == "histogram":
        row |= {
            "BucketCounts": list(point.bucket_counts),
            "ExplicitBounds": list(point.explicit_bounds),
        }
    return row


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    source = random.Random(3)
    requests: dict[Signal, Any] = {
        Signal.LOGS: events(source),
        Signal.TRACES: spans(source),
        Signal.METRICS: metrics(),
    }
    store = Store(tmp_path_factory.mktemp("store"))
    for signal, request in requests.items():
        rows = bodies.decode_request(signal, request.SerializeToString(), PROTOBUF).rows
        store.append(signal, rows, digest=signal.encode()).result(timeout=60)
    client = clickhouse_connect.get_client(interface="chdb")
    fill(client, requests[Signal.LOGS], requests[Signal.TRACES], requests[Signal.METRICS])
    yield Both(store, ClickHouseStore(client))
    client.close()
    store.close()


@pytest.mark.parametrize(
    ("name", "parameters"), ASKED, ids=[f"{name} {given}" for name, given in ASKED]
)
def test_both_engines_give_the_same_answer(
    both: Both, name: str, parameters: dict[str, str]
) -> None:
    ours = both.store.read(*bind_query(name, parameters))
    theirs = both.clickhouse.read(*bind_query(name, parameters))
    assert ours.table.num_rows == theirs.table.num_rows > 0
    shared = [
        column
        for column in ours.table.column_names
        if column in theirs.table.column_names and column not in ANOTHER_FORM
    ]
    assert len(shared) >= 6
    for column in shared:
        for one, other in zip(
            values(ours.table, column), values(theirs.table, column), strict=True
        ):
            assert other == (pytest.approx(one) if isinstance(one, float) else one), column


def values(table: Any, column: str) -> list[Any]:
    """A column's values; what has no list in DuckDB has an empty one in ClickHouse."""
    return [None if value == [] else value for value in table.column(column).to_pylist()]


def test_an_answer_says_how_fresh_it_is(both: Both) -> None:
    first = both.clickhouse.read(*bind_query("jobs", {}))
    assert first.watermark_ns == both.store.watermark_ns
    assert both.clickhouse.latest_commit() == first.commit


def test_an_answer_that_was_cut_short_says_so(both: Both) -> None:
    answer = both.clickhouse.read(*bind_query("spans", {"limit": "5"}))
    assert (answer.table.num_rows, answer.truncated) == (5, True)


def test_every_reader_can_ask_clickhouse_as_it_asks_a_collector(both: Both, tmp_path: Path) -> None:
    leases = Leases(tmp_path / "leases.sqlite")
    with (
        serving(application(both.clickhouse, leases, access=Access())) as url,
        CollectorClient(url) as client,
    ):
        assert len(client.jobs()) == JOBS
        assert len(client.client_outcomes()) == JOBS
        commit = client.wait_for_commit(0, timeout_seconds=0)
        assert client.wait_for_commit(commit, timeout_seconds=0) == commit
        with pytest.raises(InputError, match="unknown query 'nothing'"):
            client.query("nothing")
        assert httpx.get(f"{url}/readyz").status_code == 200
        assert httpx.post(f"{url}/v1/traces").status_code == 404
        assert client.lease("me", ["a"], seconds=5) == ["a"]
        done = run_command("slo", "report", "--collector", url)
        assert done.exit_code in (0, 1, 3), done.stderr


def test_a_query_cannot_change_anything(both: Both) -> None:
    changing = Query("DROP TABLE otel_logs", {"limit": 1, "since_ns": 0}, "jobs")
    with pytest.raises(StoreUnavailableError):
        both.clickhouse._run_query(changing.sql, {})
    assert both.clickhouse.read(*bind_query("jobs", {})).table.num_rows == JOBS


def test_a_clickhouse_that_does_not_answer_is_named() -> None:
    with pytest.raises(InputError, match=r"127\.0\.0\.1") as caught:
        connect_clickhouse("clickhouse://user:secret-word@127.0.0.1:1/default")
    assert "secret-word" not in str(caught.value)
