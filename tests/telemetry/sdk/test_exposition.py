"""The SDK's metrics as Prometheus reads them."""

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from framegate.telemetry.sdk.exposition import exposition
from framegate.telemetry.sdk.sdk import start_telemetry
from framegate.telemetry.signals import names

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def test_histogram_buckets_carry_the_trace_id_of_what_fell_into_them() -> None:
    telemetry = start_telemetry("service")
    with telemetry.tracer.start_as_current_span("work") as span:
        telemetry.histogram(names.METRIC_TTFP).record(1.5, {names.WORKLOAD: "batch"})
    text = exposition(telemetry.registry, OPENMETRICS)[0].decode()
    (family,) = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    assert family.name == "video_time_to_first_playable_seconds"
    counts = {
        sample.labels["le"]: sample for sample in family.samples if sample.name.endswith("_bucket")
    }
    assert counts["1.28"].value == 0
    assert counts["2.0"].value == 1
    exemplar = counts["2.0"].exemplar
    assert exemplar is not None
    assert exemplar.labels["trace_id"] == f"{span.get_span_context().trace_id:032x}"
    assert counts["1.28"].exemplar is None
    telemetry.shutdown()


def test_exemplars_stay_when_metrics_are_flushed_and_scraped_again() -> None:
    telemetry = start_telemetry("service")
    with telemetry.tracer.start_as_current_span("work"):
        telemetry.histogram(names.METRIC_TTFP).record(1.5, {names.WORKLOAD: "batch"})
    telemetry.flush()
    scrapes = [exposition(telemetry.registry, OPENMETRICS)[0] for _ in range(2)]
    assert [scrape.count(b"# {") for scrape in scrapes] == [1, 1]
    telemetry.shutdown()


def test_counters_and_gauges_keep_their_kind() -> None:
    telemetry = start_telemetry("service")
    telemetry.counter(names.METRIC_FRAMES).add(3, {"video.workload": "batch"})
    telemetry.up_down_counter(names.METRIC_JOBS).add(2)
    text = exposition(telemetry.registry, OPENMETRICS)[0].decode()
    assert 'video_frames_total{video_workload="batch"} 3.0' in text
    assert "video_jobs 2.0" in text
    telemetry.shutdown()


def test_thresholds_of_the_default_objectives_are_bucket_edges() -> None:
    assert {0.05, 1.0, 2.0, 15.0, 30.0} <= set(names.SECONDS_BUCKETS)
    assert list(names.SECONDS_BUCKETS) == sorted(set(names.SECONDS_BUCKETS))
