"""Sets up the OpenTelemetry SDK; no other module does."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opentelemetry._logs import Logger, LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import (
    CallbackOptions,
    Counter,
    Histogram,
    Meter,
    Observation,
    UpDownCounter,
)
from opentelemetry.propagate import extract
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricReader,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Tracer
from prometheus_client import CollectorRegistry

from framegate.telemetry.client.collector_url import ENDPOINT_VARIABLE, collector_url
from framegate.telemetry.platform.access import authorization_headers
from framegate.telemetry.sdk.exposition import OtelMetricsCollector, ScrapeReader
from framegate.telemetry.signals.names import MetricSignal

EXPORT_DELAY_MS = 200.0  # a span or event waits at most this long to be sent with others
METRIC_EXPORT_MS = 5_000.0

Attributes = Mapping[str, str | bool | int | float | list[float]]


@dataclass(frozen=True, slots=True)
class Telemetry:
    """One process's OpenTelemetry: creates spans, events and metrics.

    ``registry`` has the process's metrics for Prometheus, with exemplars.
    """

    tracer: Tracer
    meter: Meter
    registry: CollectorRegistry
    _events: Logger
    _traces: TracerProvider
    _logs: LoggerProvider
    _metrics: MeterProvider

    def event(
        self,
        name: str,
        attributes: Attributes,
        *,
        context: Context | None = None,
        timestamp_ns: int | None = None,
        severity: SeverityNumber = SeverityNumber.INFO,
    ) -> None:
        """Emit one event; ``context`` is the trace that it belongs to."""
        self._events.emit(
            LogRecord(
                event_name=name,
                attributes={key: value for key, value in attributes.items() if value is not None},
                context=context,
                timestamp=timestamp_ns,
                severity_number=severity,
            )
        )

    def counter(self, metric: MetricSignal) -> Counter:
        return self.meter.create_counter(metric.name, metric.unit, metric.description)

    def up_down_counter(self, metric: MetricSignal) -> UpDownCounter:
        return self.meter.create_up_down_counter(metric.name, metric.unit, metric.description)

    def observe(self, metric: MetricSignal, value: Callable[[], float | None]) -> None:
        """Create a gauge that calls ``value`` at each collection; None means no value."""

        def observations(_: CallbackOptions) -> Iterator[Observation]:
            now = value()
            if now is not None:
                yield Observation(now)

        self.meter.create_observable_gauge(
            metric.name, [observations], metric.unit, metric.description
        )

    def histogram(self, metric: MetricSignal) -> Histogram:
        return self.meter.create_histogram(
            metric.name,
            metric.unit,
            metric.description,
            explicit_bucket_boundaries_advisory=list(metric.buckets),
        )

    def flush(self, *, timeout_seconds: float = 10.0) -> None:
        """Send everything that is queued; returns when it is acknowledged or on a timeout."""
        timeout_ms = int(timeout_seconds * 1000)
        self._traces.force_flush(timeout_ms)
        self._logs.force_flush(timeout_ms)
        self._metrics.force_flush(timeout_ms)

    def shutdown(self) -> None:
        """Send everything that is queued, and stop."""
        self._traces.shutdown()
        self._logs.shutdown()
        self._metrics.shutdown()


def start_telemetry(service: str, *, version: str = "", endpoint: str | None = None) -> Telemetry:
    """Set up the SDK for one process.

    Exports by OTLP/HTTP to ``endpoint`` or, when that is None, to the standard variable
    OTEL_EXPORTER_OTLP_ENDPOINT; with neither, nothing is exported and everything else works.
    The token of FRAMEGATE_TOKEN goes with every export, except to an endpoint of the standard
    variable that is not the collector named by FRAMEGATE_COLLECTOR: the token is not meant for it.
    """
    base_url = endpoint or os.environ.get(ENDPOINT_VARIABLE)
    resource = Resource.create({"service.name": service, "service.version": version})
    traces = TracerProvider(resource=resource, shutdown_on_exit=False)
    logs = LoggerProvider(resource=resource, shutdown_on_exit=False)
    scrape_reader = ScrapeReader()
    readers: list[MetricReader] = [scrape_reader]
    if base_url:
        url = base_url.rstrip("/")
        headers = authorization_headers() if url == collector_url(endpoint) else {}
        sending: Any = {"headers": headers, "compression": Compression.Gzip}
        traces.add_span_processor(
            BatchSpanProcessor(
                OTLPSpanExporter(f"{url}/v1/traces", **sending),
                schedule_delay_millis=EXPORT_DELAY_MS,
            )
        )
        logs.add_log_record_processor(
            BatchLogRecordProcessor(
                OTLPLogExporter(f"{url}/v1/logs", **sending),
                schedule_delay_millis=EXPORT_DELAY_MS,
            )
        )
        readers.append(
            PeriodicExportingMetricReader(
                OTLPMetricExporter(f"{url}/v1/metrics", **sending),
                export_interval_millis=METRIC_EXPORT_MS,
            )
        )
    metrics = MeterProvider(readers, resource=resource, shutdown_on_exit=False)
    registry = CollectorRegistry()
    registry.register(OtelMetricsCollector(scrape_reader))
    return Telemetry(
        tracer=traces.get_tracer("framegate"),
        meter=metrics.get_meter("framegate"),
        registry=registry,
        _events=logs.get_logger("framegate"),
        _traces=traces,
        _logs=logs,
        _metrics=metrics,
    )


def remote_context(headers: Mapping[str, str]) -> Context:
    """The caller's trace context from HTTP headers (W3C traceparent)."""
    return extract(dict(headers))
