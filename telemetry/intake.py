"""What every way into the collector does with a request: decode, queue, count, answer for it."""

import hashlib
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from telemetry import otlp
from telemetry.access import Access, AccessError, Scope
from telemetry.otlp import BODY_LIMIT_BYTES, Export, OtlpError, Signal
from telemetry.selfmetrics import SelfMetrics
from telemetry.store import Store, StoreFullError


@dataclass(frozen=True, slots=True)
class Taken:
    """A decoded request on its way to disk; ``done`` resolves once it is committed."""

    export: Export
    done: "Future[int]"


class Intake:
    """The collector's inside of OTLP, whatever transport a request came by."""

    def __init__(
        self,
        store: Store,
        metrics: SelfMetrics,
        *,
        body_limit: int = BODY_LIMIT_BYTES,
        access: Access | None = None,
    ) -> None:
        self._access = access or Access()
        self._store = store
        self._metrics = metrics
        self.body_limit = body_limit

    @contextmanager
    def request(self, signal: Signal, *, authorization: str | None) -> Iterator[None]:
        """Around the whole of one request: what is refused raises OtlpError, counted."""
        started = time.perf_counter()
        try:
            self._access.check(authorization, Scope.INGEST)
            yield
        except AccessError as error:
            self._metrics.rejected.labels(signal, str(error.status)).inc()
            raise OtlpError(error.status, str(error)) from error
        except OtlpError as error:
            self._metrics.rejected.labels(signal, str(error.status)).inc()
            raise
        except (StoreFullError, duckdb.Error, OSError) as error:
            self._metrics.rejected.labels(signal, "503").inc()
            raise OtlpError(503, f"not stored: {error}") from error
        self._metrics.commit_seconds.observe(time.perf_counter() - started)

    def take(self, signal: Signal, body: bytes, content_type: str) -> Taken:
        """Decode one plain body and queue its rows; call inside ``request``."""
        export = otlp.decode(signal, body, content_type)
        digest = hashlib.sha256(signal.encode() + body).hexdigest()
        return Taken(export, self._store.append(signal, export.table, body_sha256=digest))

    def acknowledged(self, export: Export) -> None:
        """Count what was committed."""
        self._metrics.rows.labels(export.signal).inc(export.table.num_rows)
        self._metrics.refused_rows.labels(export.signal).inc(export.rejected)
