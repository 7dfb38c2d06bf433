"""How many bytes of unfinished requests the collector may hold at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class QueueFullError(RuntimeError):
    """There is no room for more; there will be once something is finished."""


class MemoryLimiter:
    """A bound that all ways into the collector share."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.used_bytes = 0
        self._lock = threading.Lock()

    @property
    def used_ratio(self) -> float:
        """How much of it is used, from 0 to 1."""
        return self.used_bytes / self.limit_bytes

    @contextmanager
    def reserve(self) -> Iterator["Reservation"]:
        """What one request holds; all of it is given back at the end."""
        holding = Reservation(self)
        try:
            yield holding
        finally:
            self._change(-holding.size_bytes)

    def _change(self, size_bytes: int) -> None:
        with self._lock:
            if size_bytes > 0 and self.used_bytes + size_bytes > self.limit_bytes:
                raise QueueFullError(f"{self.used_bytes} bytes wait to be written")
            self.used_bytes += size_bytes


class Reservation:
    """One request's part of an allowance."""

    def __init__(self, allowance: MemoryLimiter) -> None:
        self._allowance = allowance
        self.size_bytes = 0

    def add(self, size_bytes: int) -> None:
        """Raises FullError, and takes nothing, when the allowance has no room for it."""
        self._allowance._change(size_bytes)
        self.size_bytes += size_bytes
