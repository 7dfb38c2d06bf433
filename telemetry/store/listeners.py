"""Functions that are called whenever something happens, for any number of callers."""

import logging
import threading
from collections.abc import Callable
from typing import Generic, ParamSpec

Arguments = ParamSpec("Arguments")

logger = logging.getLogger(__name__)


class Listeners(Generic[Arguments]):
    """Any number of functions; may be added and removed from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: tuple[Callable[Arguments, None], ...] = ()

    def add(self, listener: Callable[Arguments, None]) -> Callable[[], None]:
        """Call this function too; returns the function that ends it."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def remove() -> None:
            with self._lock:
                # By equality: a bound method is a new object each time it is named.
                self._listeners = tuple(one for one in self._listeners if one != listener)

        return remove

    def notify(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        """Call all of them; an error of one is logged, and the others are still called."""
        for listener in self._listeners:
            try:
                listener(*args, **kwargs)
            except Exception:  # the commit is done, and the next listener needs it too
                logger.exception("listener failed")
