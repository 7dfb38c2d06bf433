"""A load test: Locust as a library, from the first user to the last clip."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import gevent
from locust.env import Environment
from locust.runners import STATE_RUNNING, LocalRunner

from framegate.loadtest.mix import Ask, asks
from framegate.loadtest.result import LoadResult, result_of
from framegate.loadtest.users import Viewer
from framegate.loadtest.watch import Order, Watched
from framegate.telemetry.sdk.sdk import Telemetry

LONGEST_SECONDS = 3600.0
TICK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Plan:
    """How many viewers watch how many clips between them; ``seed`` chooses the clips."""

    users: int
    jobs: int
    seed: int


def run(
    order: Order, telemetry: Telemetry, plan: Plan, progress: Callable[[int], None]
) -> LoadResult:
    """Run a plan to its end.

    ``progress`` is called with the number of clips watched, a few times a second.
    """
    seen: list[Watched] = []
    viewer = viewer_class(order, telemetry, islice(asks(plan.seed), plan.jobs), seen)
    environment = Environment(user_classes=[viewer])
    runner = environment.create_local_runner()
    started = time.perf_counter()
    runner.start(plan.users, spawn_rate=plan.users)
    while at_work(runner) and time.perf_counter() - started < LONGEST_SECONDS:
        progress(len(seen))
        gevent.sleep(TICK_SECONDS)
    progress(len(seen))
    runner.quit()
    duration_seconds = time.perf_counter() - started
    return result_of(seen, planned=plan.jobs, duration_seconds=duration_seconds)


def at_work(runner: LocalRunner) -> bool:
    """Whether a viewer is still to come or still there; each leaves when no work is left."""
    return bool(runner.state != STATE_RUNNING or runner.user_count > 0)


def viewer_class(
    order: Order, telemetry: Telemetry, work: Iterator[Ask], seen: list[Watched]
) -> type[Viewer]:
    """Locust makes users from a class; this one shares its work among them."""
    return type(
        "OneRunsViewer",
        (Viewer,),
        {"order": order, "telemetry": telemetry, "asks": work, "seen": seen},
    )
