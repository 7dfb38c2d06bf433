"""Programs that are not ours, exporting with SDKs that are not ours: all of it arrives intact."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc import _log_exporter as grpc_logs
from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as grpc_metrics
from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as grpc_traces
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http import _log_exporter as http_logs
from opentelemetry.exporter.otlp.proto.http import metric_exporter as http_metrics
from opentelemetry.exporter.otlp.proto.http import trace_exporter as http_traces
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    Link,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from tests.node import with_packages
from tests.telemetry.ports import Running, both_ports

FOREIGN = Path(__file__).parents[1] / "foreign"
START_NS, END_NS = 1_700_000_000 * 10**9, 1_700_000_002 * 10**9


@dataclass(frozen=True, slots=True)
class Sent:
    """The ids that a client gave to its span."""

    trace_id: str
    span_id: str


@pytest.fixture(scope="module")
def node_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The JavaScript client with its SDK installed beside it."""
    return with_packages(FOREIGN, tmp_path_factory.mktemp("npm") / "client")


def node(client: Path, protocol: str, url: str) -> Sent:
    done = subprocess.run(
        ["node", "client.mjs", protocol, url],
        cwd=client,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    context = json.loads(done.stdout)
    return Sent(context["traceId"], context["spanId"])


def python_http(running: Running) -> Sent:
    options: Any = {"compression": Compression.Gzip}
    return python(
        http_traces.OTLPSpanExporter(f"{running.url}/v1/traces", **options),
        http_logs.OTLPLogExporter(f"{running.url}/v1/logs", **options),
        http_metrics.OTLPMetricExporter(f"{running.url}/v1/metrics", **options),
    )


def python_grpc(running: Running) -> Sent:
    return python(
        grpc_traces.OTLPSpanExporter(running.address, insecure=True),
        grpc_logs.OTLPLogExporter(running.address, insecure=True),
        grpc_metrics.OTLPMetricExporter(running.address, insecure=True),
    )


def python(span_exporter: Any, log_exporter: Any, metric_exporter: Any) -> Sent:
    """What client.mjs does, with the Python SDK."""
    resource = Resource({"service.name": "foreign", "host.name": "h1"})
    traces, logs = TracerProvider(resource=resource), LoggerProvider(resource=resource)
    traces.add_span_processor(BatchSpanProcessor(span_exporter))
    logs.add_log_record_processor(BatchLogRecordProcessor(log_exporter))
    metrics = MeterProvider(
        [PeriodicExportingMetricReader(metric_exporter)],
        resource,
        views=[
            View(instrument_name="exponential", aggregation=ExponentialBucketHistogramAggregation())
        ],
    )
    linked = SpanContext(1, 2, is_remote=True, trace_flags=TraceFlags(1))
    span = traces.get_tracer("scope", "1.2.3").start_span(
        "work",
        kind=SpanKind.SERVER,
        start_time=START_NS,
        links=[Link(linked, {"why": "retry"})],
        attributes={
            "text": "grün",
            "whole": 7,
            "real": 0.5,
            "yes": True,
            "list": ["a", "b"],
            "video.job.id": "j1",
        },
    )
    span.add_event("step", {"number": 3})
    span.set_status(Status(StatusCode.ERROR, "broken"))
    span.end(END_NS)
    logs.get_logger("scope").emit(
        LogRecord(
            event_name="a.b",
            severity_number=SeverityNumber.WARN,
            severity_text="WARN",
            body={"hello": "world", "numbers": [1, 2]},
            attributes={"whole": 7},
            context=set_span_in_context(span),
        )
    )
    meter = metrics.get_meter("scope")
    meter.create_counter("counter", "1", "counts").add(3, {"key": "a"})
    meter.create_up_down_counter("updown").add(-2)
    meter.create_observable_gauge("gauge", [observed])
    explicit = meter.create_histogram("explicit", explicit_bucket_boundaries_advisory=[1, 2])
    exponential = meter.create_histogram("exponential")
    for value in (0.5, 1.5, 5):
        explicit.record(value)
        exponential.record(value)
    for provider in (traces, logs, metrics):
        provider.force_flush()
        provider.shutdown()
    context = span.get_span_context()
    return Sent(f"{context.trace_id:032x}", f"{context.span_id:016x}")


def observed(_: CallbackOptions) -> list[Observation]:
    return [Observation(1.5)]


CLIENTS: dict[str, Callable[[Running], Sent]] = {
    "python, http": python_http,
    "python, grpc": python_grpc,
}


@pytest.mark.parametrize("client", CLIENTS)
def test_what_the_python_sdk_sends_arrives_intact(tmp_path: Path, client: str) -> None:
    with both_ports(tmp_path) as running:
        everything_arrived(running, CLIENTS[client](running))


@pytest.mark.parametrize("protocol", ["http", "proto", "grpc"])
def test_what_the_javascript_sdk_sends_arrives_intact(
    tmp_path: Path, node_client: Path, protocol: str
) -> None:
    with both_ports(tmp_path) as running:
        url = f"http://{running.address}" if protocol == "grpc" else running.url
        everything_arrived(running, node(node_client, protocol, url))


def everything_arrived(running: Running, sent: Sent) -> None:
    span_arrived(running, sent)
    log_arrived(running, sent)
    metrics_arrived(running)


def asked(running: Running, name: str, **parameters: str) -> list[dict[str, Any]]:
    """The rows of a query without the service's own resource attributes."""
    rows: list[dict[str, Any]] = running.client.query(name, **parameters).table.to_pylist()
    for row in rows:
        resource = json.loads(row["resource_json"])
        assert (resource["service.name"], resource["host.name"]) == ("foreign", "h1")
        assert (row["service"], row["scope"]) == ("foreign", "scope")
    return rows


def span_arrived(running: Running, sent: Sent) -> None:
    (span,) = asked(running, "spans", trace_id=sent.trace_id)
    assert (span["span_id"], span["name"], span["kind"]) == (sent.span_id, "work", 2)
    assert (span["start_ns"], span["duration_ns"]) == (START_NS, END_NS - START_NS)
    assert (span["status"], span["status_message"]) == (2, "broken")
    assert (span["job_id"], span["scope_version"]) == ("j1", "1.2.3")
    assert json.loads(span["attributes_json"]) == {
        "text": "grün",
        "whole": 7,
        "real": 0.5,
        "yes": True,
        "list": ["a", "b"],
        "video.job.id": "j1",
    }
    (event,) = json.loads(span["events_json"])
    assert (event["name"], event["attributes"]) == ("step", {"number": 3})
    assert json.loads(span["links_json"]) == [
        {"trace_id": "0" * 31 + "1", "span_id": "0" * 15 + "2", "attributes": {"why": "retry"}}
    ]


def log_arrived(running: Running, sent: Sent) -> None:
    (log,) = asked(running, "logs", trace_id=sent.trace_id)
    assert (log["span_id"], log["name"]) == (sent.span_id, "a.b")
    assert (log["severity"], log["severity_text"]) == (13, "WARN")
    assert json.loads(log["body"]) == {"hello": "world", "numbers": [1, 2]}
    assert json.loads(log["attributes_json"]) == {"whole": 7}


def metrics_arrived(running: Running) -> None:
    points = {point["name"]: point for point in asked(running, "metric_points")}
    assert set(points) == {"counter", "updown", "gauge", "explicit", "exponential"}
    counter = points["counter"]
    assert (counter["kind"], counter["value"], counter["temporality"]) == ("sum", 3.0, 2)
    assert (counter["unit"], counter["description"]) == ("1", "counts")
    assert counter["monotonic"]
    assert counter["start_ns"] is not None
    assert json.loads(counter["attributes_json"]) == {"key": "a"}
    assert (points["updown"]["value"], points["updown"]["monotonic"]) == (-2.0, False)
    assert (points["gauge"]["kind"], points["gauge"]["value"]) == ("gauge", 1.5)
    explicit, exponential = points["explicit"], points["exponential"]
    for histogram in (explicit, exponential):
        assert (histogram["count"], histogram["sum"]) == (3, 7.0)
        assert (histogram["minimum"], histogram["maximum"]) == (0.5, 5.0)
    assert (explicit["bounds"], explicit["bucket_counts"]) == ([1.0, 2.0], [1, 1, 1])
    assert sum(exponential["positive_counts"]) == 3
    assert values_in(exponential) == [0.5, 1.5, 5.0]


def values_in(point: dict[str, Any]) -> list[float]:
    """The values that were recorded, each in the bucket that OpenTelemetry's formula gives."""
    base = 2.0 ** (2.0 ** -point["scale"])
    buckets = [
        (base ** (point["positive_offset"] + index), base ** (point["positive_offset"] + index + 1))
        for index, count in enumerate(point["positive_counts"])
        if count
    ]
    return [
        value
        for value, (low, high) in zip((0.5, 1.5, 5.0), buckets, strict=True)
        if low * (1 - 1e-9) < value <= high * (1 + 1e-9)
    ]
