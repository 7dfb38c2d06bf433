"""Enumerations are open in protobuf: a number without a meaning costs a sender one item at most."""

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from framegate.telemetry.otlp import bodies
from framegate.telemetry.otlp.bodies import PROTOBUF, Signal

ODD = pytest.mark.parametrize("number", [256, -1, 2**31 - 1, -(2**31)])


@ODD
@pytest.mark.parametrize("field", ["kind", "status"])
def test_a_span_of_an_odd_kind_is_refused_alone(number: int, field: str) -> None:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for index in range(3):
        spans.add(trace_id=b"t" * 16, span_id=bytes([index]) * 8)
    if field == "kind":
        spans[1].kind = number
    else:
        spans[1].status.code = number
    rows = bodies.decode_request(Signal.TRACES, request.SerializeToString(), PROTOBUF).rows
    assert rows.table["span_id"].to_pylist() == ["00" * 8, "02" * 8]
    assert rows.rejected == 1
    assert "kind" in rows.reason


@ODD
def test_a_point_of_an_odd_temporality_is_refused_alone(number: int) -> None:
    request = ExportMetricsServiceRequest()
    metrics = request.resource_metrics.add().scope_metrics.add().metrics
    for index, temporality in enumerate((2, number)):
        metric = metrics.add(name=f"m{index}")
        metric.sum.aggregation_temporality = temporality
        metric.sum.data_points.add(as_int=1)
    rows = bodies.decode_request(Signal.METRICS, request.SerializeToString(), PROTOBUF).rows
    assert rows.table["name"].to_pylist() == ["m0"]
    assert rows.rejected == 1
    assert "temporality" in rows.reason


@ODD
def test_an_odd_severity_is_brought_into_its_range(number: int) -> None:
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    record.severity_number = number
    rows = bodies.decode_request(Signal.LOGS, request.SerializeToString(), PROTOBUF).rows
    assert rows.table["severity"].to_pylist() == [24 if number > 0 else 0]
    assert rows.rejected == 0
