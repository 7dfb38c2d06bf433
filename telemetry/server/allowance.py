"""How many bytes of unfinished requests the collector may hold at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class QueueFullError(RuntimeError):
    """The limit is reached; there is room again once other requests are stored."""


class MemoryLimiter:
    """One limit for all transports of the collector."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.used_bytes = 0
        self._lock = threading.Lock()

    @property
    def used_ratio(self) -> float:
        """The used share of the limit, from 0 to 1."""
        return self.used_bytes / self.limit_bytes

    @contextmanager
    def reserve(self) -> Iterator["Reservation"]:
        """Memory for one request; released when the block ends."""
        holding = Reservation(self)
        try:
            yield holding
        finally:
            self._change(-holding.size_bytes)

    def _change(self, size_bytes: int) -> None:
        with self._lock:
            if size_bytes > 0 and self.used_bytes + size_bytes > self.limit_bytes:
                raise QueueFullError(
                    f"queue is full: {self.used_bytes} bytes are waiting to be written"
                )
            self.used_bytes += size_bytes


class Reservation:
    """The memory that one request holds."""

    def __init__(self, allowance: MemoryLimiter) -> None:
        self._allowance = allowance
        self.size_bytes = 0

    def add(self, size_bytes: int) -> None:
        """Reserve more; raises QueueFullError, and reserves nothing, when the limit is reached."""
        self._allowance._change(size_bytes)
        self.size_bytes += size_bytes
