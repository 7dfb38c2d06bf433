"""The collector over HTTP, with real OpenTelemetry clients in front of it."""

import gzip
import json
from collections.abc import Iterator

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceResponse,
)

from framegate.telemetry.otlp.bodies import JSON, PROTOBUF
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.sdk.sdk import Telemetry, start_telemetry
from framegate.telemetry.signals import names
from tests.conftest import RunningCollector
from tests.telemetry.spans import SPAN_ID, TRACE_ID, one_span


@pytest.fixture
def sender(collector: RunningCollector) -> Iterator[Telemetry]:
    telemetry = start_telemetry("sender", endpoint=collector.url)
    yield telemetry
    telemetry.shutdown()


def post(
    collector: RunningCollector, body: bytes, *, content_type: str = PROTOBUF, encoding: str = ""
) -> httpx.Response:
    headers = {"content-type": content_type} | ({"content-encoding": encoding} if encoding else {})
    return httpx.post(f"{collector.url}/v1/traces", content=body, headers=headers)


def test_acknowledged_spans_can_be_read_at_once(collector: RunningCollector) -> None:
    response = post(collector, one_span().SerializeToString())
    assert response.status_code == 200
    assert response.headers["content-type"] == PROTOBUF
    assert not ExportTraceServiceResponse.FromString(response.content).HasField("partial_success")
    (span,) = collector.client.spans()
    assert (span.trace_id, span.span_id, span.start_ns, span.duration_ns) == (
        TRACE_ID,
        SPAN_ID,
        1_000,
        3_000,
    )


def test_a_retried_body_is_acknowledged_and_stored_once(collector: RunningCollector) -> None:
    plain = one_span().SerializeToString()
    assert post(collector, plain).status_code == 200
    assert post(collector, gzip.compress(plain), encoding="gzip").status_code == 200
    assert len(collector.client.spans()) == 1


def test_json_ids_are_hex_and_unknown_fields_are_ignored(collector: RunningCollector) -> None:
    span = {"traceId": TRACE_ID, "spanId": SPAN_ID, "name": "x", "startTimeUnixNano": "5", "new": 1}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}], "later": {}}
    response = post(collector, json.dumps(body).encode(), content_type=JSON)
    assert response.status_code == 200
    assert response.headers["content-type"] == JSON
    assert collector.client.spans()[0].trace_id == TRACE_ID


def test_a_span_without_an_id_is_counted_as_rejected(collector: RunningCollector) -> None:
    request = one_span()
    request.resource_spans[0].scope_spans[0].spans.add().name = "no id"
    response = ExportTraceServiceResponse.FromString(
        post(collector, request.SerializeToString()).content
    )
    assert response.partial_success.rejected_spans == 1
    assert "trace id" in response.partial_success.error_message
    assert len(collector.client.spans()) == 1


def test_sdk_spans_events_and_metrics_arrive(
    collector: RunningCollector, sender: Telemetry
) -> None:
    with sender.tracer.start_as_current_span(names.SPAN_JOB, attributes={names.JOB_ID: "j1"}):
        sender.histogram(names.METRIC_TTFP).record(0.4, {names.WORKLOAD: "batch"})
        sender.event(names.EVENT_JOB_STATE, {names.JOB_ID: "j1", names.JOB_STATE: "queued"})
    sender.flush()
    (span,) = collector.client.spans(job_id="j1")
    (job,) = collector.client.jobs()
    assert (job.job_id, job.state, job.trace_id) == ("j1", "queued", span.trace_id)
    points = collector.client.query(
        "metric_points", metric=names.METRIC_TTFP.name
    ).table.to_pylist()
    assert points[0]["count"] == 1
    assert points[0]["sum"] == pytest.approx(0.4)


def test_waiting_for_a_commit_ends_when_something_is_stored(
    collector: RunningCollector, sender: Telemetry
) -> None:
    before = collector.client.wait_for_commit(0, timeout_seconds=0)
    sender.event(names.EVENT_JOB_STATE, {names.JOB_ID: "j1", names.JOB_STATE: "queued"})
    assert collector.client.wait_for_commit(before, timeout_seconds=20) > before
    assert len(collector.client.jobs()) == 1


def test_unknown_queries_and_parameters_are_named(collector: RunningCollector) -> None:
    with pytest.raises(InputError, match="unknown query 'nothing'"):
        collector.client.query("nothing")
    with pytest.raises(InputError, match="no parameter 'sql'"):
        collector.client.query("jobs", sql="DROP TABLE events")
    with pytest.raises(InputError, match="'soon' is not a whole number"):
        collector.client.query("jobs", since_ns="soon")


def test_an_empty_store_has_no_watermark(collector: RunningCollector) -> None:
    assert collector.client.query("jobs").watermark_ns is None


def test_answers_come_as_json_for_people(collector: RunningCollector) -> None:
    post(collector, one_span().SerializeToString())
    answer = httpx.get(f"{collector.url}/query/spans", headers={"accept": "application/json"})
    assert answer.json()[0]["name"] == "denoise"


def test_the_collector_reports_on_itself(collector: RunningCollector) -> None:
    post(collector, one_span().SerializeToString())
    post(collector, b"\xff")
    text = httpx.get(f"{collector.url}/metrics").text
    assert 'framegate_collector_rows_total{signal="traces"} 1.0' in text
    assert 'framegate_collector_rejected_requests_total{signal="traces",status="400"} 1.0' in text
    assert httpx.get(f"{collector.url}/readyz").status_code == 200
