"""Runs a load test with Locust as a library."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import gevent
from locust.env import Environment
from locust.runners import STATE_RUNNING, LocalRunner

from framegate.loadtest.mix import ClipRequest, clip_requests
from framegate.loadtest.result import LoadResult, summarize_run
from framegate.loadtest.service.connection import ServiceConnection
from framegate.loadtest.users import Viewer
from framegate.loadtest.watch import RequestTemplate, ViewerResult
from framegate.telemetry.sdk.sdk import Telemetry

MAX_RUN_SECONDS = 3600.0
TICK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """How many viewers share how many clips; ``seed`` chooses the clips."""

    users: int
    jobs: int
    seed: int


def run_load_test(
    service: ServiceConnection,
    order: RequestTemplate,
    plan: LoadPlan,
    *,
    telemetry: Telemetry,
    progress: Callable[[int], None],
) -> LoadResult:
    """Run a plan to its end.

    ``progress`` is called with the number of clips played, a few times a second.
    """
    seen: list[ViewerResult] = []
    asks = islice(clip_requests(plan.seed), plan.jobs)
    viewer = viewer_class(service, order, asks, telemetry=telemetry, seen=seen)
    environment = Environment(user_classes=[viewer])
    runner = environment.create_local_runner()
    started = time.perf_counter()
    runner.start(plan.users, spawn_rate=plan.users)
    while has_active_viewers(runner) and time.perf_counter() - started < MAX_RUN_SECONDS:
        progress(len(seen))
        gevent.sleep(TICK_SECONDS)
    progress(len(seen))
    runner.quit()
    duration_seconds = time.perf_counter() - started
    return summarize_run(seen, planned=plan.jobs, duration_seconds=duration_seconds)


def has_active_viewers(runner: LocalRunner) -> bool:
    """Whether viewers are starting or active; each stops when no clips are left."""
    return bool(runner.state != STATE_RUNNING or runner.user_count > 0)


def viewer_class(
    service: ServiceConnection,
    order: RequestTemplate,
    work: Iterator[ClipRequest],
    *,
    telemetry: Telemetry,
    seen: list[ViewerResult],
) -> type[Viewer]:
    """Locust makes users from a class; this one shares its work among them."""
    return type(
        "OneRunsViewer",
        (Viewer,),
        {
            "service": service,
            "order": order,
            "telemetry": telemetry,
            "asks": work,
            "seen": seen,
        },
    )
