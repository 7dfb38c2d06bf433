"""What the collector says of itself on /metrics."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from telemetry.store import Store

COMMIT_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)


class SelfMetrics:
    """The collector's own instruments, in ``registry``."""

    def __init__(self, registry: CollectorRegistry, store: Store) -> None:
        self.rows = Counter(
            "framegate_collector_rows", "Rows acknowledged", ["signal"], registry=registry
        )
        self.refused_rows = Counter(
            "framegate_collector_refused_rows",
            "Rows refused inside accepted requests",
            ["signal"],
            registry=registry,
        )
        self.rejected = Counter(
            "framegate_collector_rejected_requests",
            "Requests refused, by HTTP status",
            ["signal", "status"],
            registry=registry,
        )
        self.commit_seconds = Histogram(
            "framegate_collector_commit_seconds",
            "From decoded request to committed rows",
            registry=registry,
            buckets=COMMIT_BUCKETS,
        )
        queued = Gauge(
            "framegate_collector_queue_bytes", "Bytes waiting to be written", registry=registry
        )
        queued.set_function(lambda: store.queued_bytes)
        age = Gauge(
            "framegate_collector_data_age_seconds",
            "Age of the newest stored event; NaN for an empty store",
            registry=registry,
        )
        age.set_function(lambda: data_age_seconds(store))


def data_age_seconds(store: Store) -> float:
    watermark_ns = store.watermark_ns
    return float("nan") if watermark_ns is None else (time.time_ns() - watermark_ns) / 1e9
