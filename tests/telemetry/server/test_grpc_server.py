"""The collector over gRPC: real exporters, and the errors that the OTLP specification names."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from framegate.telemetry.otlp.bodies import PROTOBUF
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.server.collector import Collector
from framegate.telemetry.server.grpc_server import DETAILS_KEY, rpc_server
from tests.telemetry.ports import EXPORT, Running, both_ports
from tests.telemetry.spans import one_span


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with both_ports(tmp_path / "store") as collector:
        yield collector


def export(
    collector: Running,
    body: bytes,
    *,
    compression: grpc.Compression = grpc.Compression.NoCompression,
) -> bytes:
    with grpc.insecure_channel(collector.address) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(EXPORT)
        return call(body, timeout=30, compression=compression)


def refused(
    collector: Running,
    body: bytes,
    *,
    compression: grpc.Compression = grpc.Compression.NoCompression,
) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        export(collector, body, compression=compression)
    return caught.value


def test_spans_logs_and_metrics_of_the_sdk_arrive(running: Running) -> None:
    traces, logs = TracerProvider(), LoggerProvider()
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(running.address, insecure=True)))
    logs.add_log_record_processor(
        BatchLogRecordProcessor(OTLPLogExporter(running.address, insecure=True))
    )
    metrics = MeterProvider(
        [PeriodicExportingMetricReader(OTLPMetricExporter(running.address, insecure=True))]
    )
    with traces.get_tracer("test").start_as_current_span("work"):
        logs.get_logger("test").emit(body="hello", event_name="a.b")
        metrics.get_meter("test").create_counter("things").add(3)
    for provider in (traces, logs, metrics):
        provider.shutdown()
    (span,) = running.client.spans()
    assert span.name == "work"
    points = running.client.query("metric_points", metric="things").table.to_pylist()
    assert [point["value"] for point in points] == [3.0]
    text = httpx.get(f"{running.url}/metrics").text
    assert 'framegate_collector_rows_total{signal="logs"} 1.0' in text


@pytest.mark.parametrize(
    "compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip], ids=str
)
def test_an_acknowledged_span_can_be_read_at_once(
    running: Running, compression: grpc.Compression
) -> None:
    answer = export(running, one_span().SerializeToString(), compression=compression)
    assert not ExportTraceServiceResponse.FromString(answer).HasField("partial_success")
    assert len(running.client.spans()) == 1


def test_a_body_that_comes_by_both_ways_is_stored_once(running: Running) -> None:
    body = one_span().SerializeToString()
    export(running, body)
    headers = {"content-type": PROTOBUF}
    assert httpx.post(f"{running.url}/v1/traces", content=body, headers=headers).is_success
    assert len(running.client.spans()) == 1


def test_refused_spans_are_a_partial_success(running: Running) -> None:
    request = one_span()
    request.resource_spans[0].scope_spans[0].spans.add().name = "no id"
    answer = ExportTraceServiceResponse.FromString(export(running, request.SerializeToString()))
    assert answer.partial_success.rejected_spans == 1
    assert "trace id" in answer.partial_success.error_message


@pytest.mark.parametrize(
    "compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip], ids=str
)
def test_too_large_a_message_is_refused_before_and_after_compression(
    tmp_path: Path, compression: grpc.Compression
) -> None:
    request: ExportTraceServiceRequest = one_span()
    request.resource_spans[0].scope_spans[0].spans[0].name = "x" * 300_000
    with both_ports(tmp_path, body_limit=200_000) as collector:
        error = refused(collector, request.SerializeToString(), compression=compression)
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert collector.client.spans() == []


def test_a_full_queue_tells_when_to_come_back(tmp_path: Path) -> None:
    with both_ports(tmp_path, queue_bytes=1) as collector:
        error = refused(collector, one_span().SerializeToString())
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        metadata = {item.key: item.value for item in error.trailing_metadata() or ()}
        status = Status.FromString(bytes(metadata[DETAILS_KEY]))
        retry = RetryInfo()
        assert status.details[0].Unpack(retry)
        assert 1 <= retry.retry_delay.seconds <= 2
        text = httpx.get(f"{collector.url}/metrics").text
        assert 'rejected_requests_total{signal="traces",status="503"} 1.0' in text


def test_a_taken_port_is_named(running: Running, tmp_path: Path) -> None:
    port = int(running.address.rpartition(":")[2])
    other = Collector(tmp_path / "other")
    with (
        pytest.raises(InputError, match=f"gRPC port {port} on 127.0.0.1"),
        rpc_server(other.intake, host="127.0.0.1", port=port),
    ):
        pass
    other.close()
