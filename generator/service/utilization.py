"""How busy the worker processes are."""

import time
from collections.abc import Callable

MIN_INTERVAL_SECONDS = 1.0


class UtilizationMeter:
    """The workers' busy share between readings; ``busy_seconds`` is the sum over all workers."""

    def __init__(self, busy_seconds: Callable[[], float], *, workers: int) -> None:
        self._busy_seconds, self._workers = busy_seconds, workers
        self._read_at, self._busy_before = time.monotonic(), busy_seconds()
        self._share: float | None = None

    def busy_share(self) -> float | None:
        """The busy share since the reading before, 0 to 1; None until one second has passed.

        Readings within one second of each other return the same value, so that two metric
        readers (the OTLP export and a Prometheus scrape) do not shorten each other's interval.
        """
        now, busy = time.monotonic(), self._busy_seconds()
        if now - self._read_at >= MIN_INTERVAL_SECONDS:
            seconds = (now - self._read_at) * self._workers
            self._share = min(1.0, max(0.0, (busy - self._busy_before) / seconds))
            self._read_at, self._busy_before = now, busy
        return self._share
