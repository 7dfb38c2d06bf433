"""The steps of every export request, whichever transport: check, decode, queue, count."""

import hashlib
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from framegate.telemetry.otlp import bodies
from framegate.telemetry.otlp.bodies import BODY_LIMIT_BYTES, ExportRequest, OtlpError, Signal
from framegate.telemetry.platform.access import Access, AccessError, Scope
from framegate.telemetry.server.allowance import MemoryLimiter, QueueFullError, Reservation
from framegate.telemetry.server.self_metrics import CollectorMetrics
from framegate.telemetry.store.database import StoreUnavailableError
from framegate.telemetry.store.store import Store


@dataclass(frozen=True, slots=True)
class QueuedExport:
    """A decoded request on its way to disk; ``done`` resolves once it is committed."""

    export: ExportRequest
    done: "Future[int]"


class OtlpReceiver:
    """Receives OTLP requests from HTTP and gRPC and hands their rows to the store."""

    def __init__(
        self,
        store: Store,
        metrics: CollectorMetrics,
        allowance: MemoryLimiter,
        *,
        body_limit: int = BODY_LIMIT_BYTES,
        access: Access | None = None,
    ) -> None:
        self._access = access or Access()
        self._store = store
        self._metrics = metrics
        self._allowance = allowance
        self.body_limit = body_limit
        # One at a time: decoding holds the interpreter, and decoded rows are many times the body.
        self._decoder = ThreadPoolExecutor(1, "otlp-decoder")

    @contextmanager
    def request(self, signal: Signal, *, authorization: str | None) -> Iterator[Reservation]:
        """Around one request: counts it, and raises OtlpError when it is rejected."""
        started = time.perf_counter()
        try:
            self._access.check(authorization, Scope.INGEST)
            with self._allowance.reserve() as holding:
                yield holding
        except (AccessError, OtlpError) as error:
            self._metrics.rejected.labels(signal, str(error.status)).inc()
            raise OtlpError(error.status, str(error)) from error
        except (QueueFullError, StoreUnavailableError, duckdb.Error, OSError) as error:
            self._metrics.rejected.labels(signal, "503").inc()
            raise OtlpError(503, f"not stored: {error}") from error
        self._metrics.request_seconds.observe(time.perf_counter() - started)

    def submit_body(
        self, signal: Signal, body: bytes, content_type: str, holding: Reservation
    ) -> "Future[QueuedExport]":
        """Decode one plain body in a thread and queue its rows; call inside ``request``."""
        try:
            return self._decoder.submit(self._decode_and_queue, signal, body, content_type, holding)
        except RuntimeError as error:
            raise StoreUnavailableError("the collector is stopping") from error

    def _decode_and_queue(
        self, signal: Signal, body: bytes, content_type: str, holding: Reservation
    ) -> QueuedExport:
        export = bodies.decode_request(signal, body, content_type)
        holding.add(export.rows.table.nbytes)
        digest = hashlib.sha256(signal.encode() + body).digest()
        return QueuedExport(export, self._store.append(signal, export.rows, digest=digest))

    def count_rows(self, export: ExportRequest) -> None:
        """Count rows once they are committed."""
        self._metrics.rows.labels(export.signal).inc(export.rows.table.num_rows)
        self._metrics.refused_rows.labels(export.signal).inc(export.rows.rejected)

    def close(self) -> None:
        self._decoder.shutdown()
