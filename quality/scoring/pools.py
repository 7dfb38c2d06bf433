"""Where clips are scored: processes of this machine, or a Ray cluster. The function is the same."""

import ctypes
import multiprocessing
import os
import signal
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, TimeoutError, wait
from contextlib import contextmanager
from threading import Timer
from typing import Any, Protocol
from urllib.parse import urlsplit

from pebble import ProcessExpired, ProcessPool

from framegate.quality.scoring.task import Outcome, Task, lost, perform
from framegate.telemetry.platform.errors import InputError

TASK_SECONDS = 1_800.0
REACH_SECONDS = 10.0
PR_SET_PDEATHSIG = 1  # Linux, prctl(2)


class Pool(Protocol):
    """Something that performs tasks elsewhere; ``size`` of them at once."""

    size: int

    def submit(self, task: Task) -> "Future[Outcome]":
        """The task's outcome, some time; a scorer that ends or hangs is one with a reason."""


class Processes:
    """Processes of this machine. One that crashes or takes too long costs its own clip only."""

    def __init__(self, pool: ProcessPool, size: int, *, seconds: float) -> None:
        self.size = size
        self._pool = pool
        self._seconds = seconds

    def submit(self, task: Task) -> "Future[Outcome]":
        done: Future[Outcome] = Future()
        working = self._pool.schedule(perform, args=[task], timeout=self._seconds)
        working.add_done_callback(lambda ended: done.set_result(self._outcome(ended)))
        return done

    def _outcome(self, ended: "Future[Outcome]") -> Outcome:
        try:
            return ended.result()
        except TimeoutError:
            return lost(f"scoring took longer than {self._seconds:g} s")
        except ProcessExpired as error:
            return lost(f"the process that scored it ended with code {error.exitcode}")
        except Exception as error:  # noqa: BLE001 - of the scorer, which lives elsewhere
            return lost(f"the scorer failed: {type(error).__name__}: {error}")


@contextmanager
def processes(size: int, *, seconds: float = TASK_SECONDS) -> Iterator[Processes]:
    """So many processes of this machine; they end with the block, or with this process."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPool(size, initializer=end_with, initargs=[os.getpid()], context=context)
    try:
        yield Processes(pool, size, seconds=seconds)
    finally:
        pool.stop()
        pool.join()


def end_with(parent: int) -> None:
    """Have the kernel end this process when its parent ends, however that happens (Linux)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    if os.uname().sysname == "Linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the kernel knew
        os._exit(1)


class Ray:
    """A Ray cluster: one task to a processor."""

    def __init__(self, ray: Any, *, seconds: float) -> None:
        self.size = max(1, int(ray.cluster_resources().get("CPU", 1)))
        self._ray = ray
        self._seconds = seconds
        self._perform = ray.remote(num_cpus=1, max_retries=0)(perform)

    def submit(self, task: Task) -> "Future[Outcome]":
        done: Future[Outcome] = Future()
        reference = self._perform.remote(task)
        # Ray has no time limit of its own.
        limit = Timer(self._seconds, self._ray.cancel, [reference], {"force": True})
        limit.daemon = True

        def ended(working: "Future[Outcome]") -> None:
            limit.cancel()
            done.set_result(self._outcome(working))

        limit.start()
        reference.future().add_done_callback(ended)
        return done

    def _outcome(self, ended: "Future[Outcome]") -> Outcome:
        try:
            return ended.result()
        except self._ray.exceptions.TaskCancelledError:
            return lost(f"scoring took longer than {self._seconds:g} s")
        except Exception as error:  # noqa: BLE001 - whatever ended it there
            return lost(f"the scorer failed: {type(error).__name__}: {error}")


@contextmanager
def ray_cluster(address: str, *, seconds: float = TASK_SECONDS) -> Iterator[Ray]:
    """The Ray cluster at an address, as ``ray.init`` takes it."""
    try:
        import ray
    except ImportError:
        raise InputError("ray: is not installed; install framegate[ray]") from None
    check_reachable(address)
    try:
        ray.init(address=address, log_to_driver=False, configure_logging=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise InputError(f"ray {address}: {error}") from error
    try:
        yield Ray(ray, seconds=seconds)
    finally:
        ray.shutdown()


def check_reachable(address: str) -> None:
    """Raise InputError at once where Ray itself would try for minutes."""
    parts = urlsplit(address if "://" in address else f"//{address}")
    try:
        if parts.port:
            socket.create_connection((parts.hostname or "", parts.port), REACH_SECONDS).close()
    except (OSError, ValueError) as error:
        raise InputError(f"ray {address}: {error}") from error


def pool_at(ray: str | None, *, size: int, seconds: float = TASK_SECONDS) -> Any:
    """The Ray cluster if there is one, else processes of this machine: a context manager."""
    return ray_cluster(ray, seconds=seconds) if ray else processes(size, seconds=seconds)


def in_order(pool: Pool, tasks: Iterator[Task]) -> Iterator[tuple[Task, Outcome]]:
    """The tasks and their outcomes in the tasks' order; few wait at a time, however many come."""
    waiting: list[tuple[Task, Future[Outcome]]] = []
    for task in tasks:
        waiting.append((task, pool.submit(task)))
        if len(waiting) >= 2 * pool.size:
            first, outcome = waiting.pop(0)
            yield first, outcome.result()
    for task, outcome in waiting:
        yield task, outcome.result()


def some_done(futures: Sequence["Future[Any]"], *, seconds: float) -> bool:
    """Wait until one of them is done or the time is up; whether one is."""
    return bool(wait(futures, timeout=seconds, return_when=FIRST_COMPLETED).done)
