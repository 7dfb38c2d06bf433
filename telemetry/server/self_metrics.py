"""The collector's own metrics."""

import shutil
import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from framegate.telemetry.server.allowance import MemoryLimiter
from framegate.telemetry.server.query_endpoints import LATENCY_BUCKETS
from framegate.telemetry.store.store import Store


class CollectorMetrics:
    """Registers the collector's instruments in ``registry``."""

    def __init__(self, registry: CollectorRegistry, store: Store, allowance: MemoryLimiter) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"framegate_collector_{name}", text, labels, registry=registry)

        def histogram(name: str, text: str, *labels: str) -> Histogram:
            return Histogram(
                f"framegate_collector_{name}",
                text,
                labels,
                registry=registry,
                buckets=LATENCY_BUCKETS,
            )

        def gauge(name: str, text: str, value: Callable[[], float]) -> None:
            Gauge(f"framegate_collector_{name}", text, registry=registry).set_function(value)

        self.rows = counter("rows", "Rows acknowledged", "signal")
        self.refused_rows = counter(
            "refused_rows", "Rows rejected inside accepted requests", "signal"
        )
        self.rejected = counter(
            "rejected_requests", "Requests rejected, by HTTP status", "signal", "status"
        )
        self.archived_rows = counter("archived_rows", "Rows moved to Parquet files", "signal")
        self.request_seconds = histogram(
            "request_seconds", "Time from receiving a request to acknowledging it"
        )
        self.commit_seconds = histogram("commit_seconds", "Time to commit one group of requests")
        gauge(
            "queue_bytes", "Bytes of requests that are not stored yet", lambda: allowance.used_bytes
        )
        gauge(
            "data_age_seconds",
            "Age of the newest stored event; NaN for an empty store",
            lambda: data_age_seconds(store),
        )
        gauge(
            "store_bytes",
            "Size of the store file and its write-ahead log",
            lambda: store.size_bytes,
        )
        gauge(
            "disk_free_bytes",
            "Free bytes on the store's disk",
            lambda: shutil.disk_usage(store.folder).free,
        )
        gauge(
            "writable",
            "1 when rows can be stored, 0 otherwise",
            lambda: float(not store.write_error),
        )


def data_age_seconds(store: Store) -> float:
    watermark_ns = store.watermark_ns
    return float("nan") if watermark_ns is None else (time.time_ns() - watermark_ns) / 1e9
