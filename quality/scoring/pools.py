"""Where clips are scored: processes of this machine, or a Ray cluster, by the same function."""

import multiprocessing
import os
import signal
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, TimeoutError, wait
from contextlib import contextmanager
from threading import Thread, Timer
from typing import Any, Protocol
from urllib.parse import urlsplit

from pebble import ProcessExpired, ProcessPool

from framegate.quality.metrics.table import METRICS
from framegate.quality.scoring.task import Outcome, ScoringTask, failed_outcome, perform_task
from framegate.telemetry.platform.errors import InputError

MAX_TASK_SECONDS = 1_800.0
CONNECT_TIMEOUT_SECONDS = 10.0
MACHINE_CODE = "framegate.quality.scoring.machine_code"
LPIPS = "framegate.quality.metrics.lpips"


class Pool(Protocol):
    """Scores tasks in other processes, ``size`` of them at the same time."""

    size: int

    def submit(self, task: ScoringTask) -> "Future[Outcome]":
        """The task's future outcome; if its process crashes or hangs, an outcome with a reason."""


class LocalPool:
    """Processes of this machine; one that crashes or takes too long loses only its own clip.

    They are copies of one process, Python's fork server, which has imported what the first task
    needs: importing torch takes longer than scoring a short clip.
    """

    def __init__(self, pool: ProcessPool, size: int, *, seconds: float) -> None:
        self.size = size
        self._pool = pool
        self._seconds = seconds

    def submit(self, task: ScoringTask) -> "Future[Outcome]":
        # Heard only by a fork server that has not started.
        multiprocessing.set_forkserver_preload(modules_of(task))
        done: Future[Outcome] = Future()
        working = self._pool.schedule(perform_task, args=[task], timeout=self._seconds)
        working.add_done_callback(lambda ended: done.set_result(self._outcome(ended)))
        return done

    def _outcome(self, ended: "Future[Outcome]") -> Outcome:
        try:
            return ended.result()
        except TimeoutError:
            return failed_outcome(f"scoring took longer than {self._seconds:g} s")
        except ProcessExpired as error:
            return failed_outcome(f"the scoring process exited with code {error.exitcode}")
        except Exception as error:  # noqa: BLE001 - any error of the other process
            return failed_outcome(f"the scorer failed: {type(error).__name__}: {error}")


class ScorerProcesses(ProcessPool):  # type: ignore[misc]  # pebble exports no types
    """Ends its processes before the locks that they share.

    A process that is still starting would not find a lock that is gone, and print a traceback.
    """

    def _stop_pool(self) -> None:
        if self._pool_manager_loop is not None:
            self._pool_manager_loop.join()  # it may be starting one
        self._pool_manager.worker_manager.force_stop_workers()
        super()._stop_pool()


@contextmanager
def local_pool(size: int, *, seconds: float = MAX_TASK_SECONDS) -> Iterator[LocalPool]:
    """``size`` processes of this machine; they end with the block, or with this process."""
    context = multiprocessing.get_context("forkserver")
    pool = ScorerProcesses(size, initializer=exit_with_starter, context=context)
    try:
        yield LocalPool(pool, size, seconds=seconds)
    finally:
        pool.stop()
        pool.join()


def modules_of(task: ScoringTask) -> list[str]:
    """What scoring the task loads; LPIPS, which alone samples frames, adds the seconds of torch."""
    metrics = [METRICS[name] for name in task.metric_ids if name in METRICS]
    samples = any(metric.sample_frames for metric in metrics)
    return [perform_task.__module__, MACHINE_CODE, *([LPIPS] if samples else [])]


def exit_with_starter() -> None:
    """End this process at once when the one that started the pool ends, however that happens."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the starter decides
    Thread(target=exit_after_starter, daemon=True).start()


def exit_after_starter() -> None:
    """The fork server ends then, too: it waits for its last scorer."""
    starter = multiprocessing.parent_process()
    if starter:
        starter.join()
    os._exit(1)


class RayPool:
    """A Ray cluster, with one task per processor."""

    def __init__(self, ray: Any, *, seconds: float) -> None:
        self.size = max(1, int(ray.cluster_resources().get("CPU", 1)))
        self._ray = ray
        self._seconds = seconds
        self._perform = ray.remote(num_cpus=1, max_retries=0)(perform_task)

    def submit(self, task: ScoringTask) -> "Future[Outcome]":
        done: Future[Outcome] = Future()
        reference = self._perform.remote(task)
        # Ray has no time limit of its own.
        limit = Timer(self._seconds, self._ray.cancel, [reference], {"force": True})
        limit.daemon = True

        def on_done(working: "Future[Outcome]") -> None:
            limit.cancel()
            done.set_result(self._outcome(working))

        limit.start()
        reference.future().add_done_callback(on_done)
        return done

    def _outcome(self, ended: "Future[Outcome]") -> Outcome:
        try:
            return ended.result()
        except self._ray.exceptions.TaskCancelledError:
            return failed_outcome(f"scoring took longer than {self._seconds:g} s")
        except Exception as error:  # noqa: BLE001 - any error of the remote process
            return failed_outcome(f"the scorer failed: {type(error).__name__}: {error}")


@contextmanager
def ray_cluster(address: str, *, seconds: float = MAX_TASK_SECONDS) -> Iterator[RayPool]:
    """The Ray cluster at an address, as ``ray.init`` takes it."""
    import ray

    check_reachable(address)
    try:
        ray.init(address=address, log_to_driver=False, configure_logging=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise InputError(f"ray {address}: {error}") from error
    try:
        yield RayPool(ray, seconds=seconds)
    finally:
        ray.shutdown()


def check_reachable(address: str) -> None:
    """Raise InputError at once for an address where Ray itself would retry for minutes."""
    parts = urlsplit(address if "://" in address else f"//{address}")
    try:
        if parts.port:
            socket.create_connection(
                (parts.hostname or "", parts.port), CONNECT_TIMEOUT_SECONDS
            ).close()
    except (OSError, ValueError) as error:
        raise InputError(f"ray {address}: {error}") from error


def open_pool(ray: str | None, *, size: int, seconds: float = MAX_TASK_SECONDS) -> Any:
    """A context manager: the Ray cluster at the address ``ray``, or processes of this machine."""
    return ray_cluster(ray, seconds=seconds) if ray else local_pool(size, seconds=seconds)


def outcomes_in_order(
    pool: Pool, tasks: Iterator[ScoringTask]
) -> Iterator[tuple[ScoringTask, Outcome]]:
    """Tasks and outcomes in the order of the tasks; at most twice the pool's size are in flight."""
    waiting: list[tuple[ScoringTask, Future[Outcome]]] = []
    for task in tasks:
        waiting.append((task, pool.submit(task)))
        if len(waiting) >= 2 * pool.size:
            first, outcome = waiting.pop(0)
            yield first, outcome.result()
    for task, outcome in waiting:
        yield task, outcome.result()


def wait_for_any(futures: Sequence["Future[Any]"], *, seconds: float) -> bool:
    """Wait until one future is done or the time is over; returns whether one is done."""
    return bool(wait(futures, timeout=seconds, return_when=FIRST_COMPLETED).done)
