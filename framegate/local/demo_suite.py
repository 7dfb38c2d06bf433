"""The same prompts on several models, watched as they stream and waited for until scored."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from framegate.loadtest.mix import ClipRequest
from framegate.loadtest.service.connection import ServiceConnection
from framegate.loadtest.watch import RequestTemplate, ViewerResult, watch_clip
from framegate.local.demo_prompts import ClipSeconds
from framegate.telemetry.client.collector_client import CollectorClient
from framegate.telemetry.client.records import Score

VIEWERS = 2
IDLE_SECONDS = 120.0  # without a score: then a scorer that does not work never will
BUSY_SHARE = 0.1  # of one core; a scorer that only waits for jobs uses less


def watch_suite(
    url: str,
    asks: Sequence[ClipRequest],
    *,
    models: Sequence[str],
    clip_seconds: ClipSeconds,
    tell: Callable[[ViewerResult], None],
) -> list[ViewerResult]:
    """Generate every prompt on every model, a few at a time; ``tell`` hears of each clip."""

    def watch_one(work: tuple[str, ClipRequest]) -> ViewerResult:
        model, ask = work
        order = RequestTemplate(model, "256x256", clip_seconds[ask.workload])
        with ServiceConnection(url, {}) as service:
            watched = watch_clip(service, order, ask, traceparent="")
        tell(watched)
        return watched

    with ThreadPoolExecutor(VIEWERS) as pool:
        return list(pool.map(watch_one, [(model, ask) for ask in asks for model in models]))


def wait_for_scores(
    client: CollectorClient,
    job_ids: set[str],
    *,
    tell: Callable[[int], None],
    processor_seconds: Callable[[], float] = lambda: 0.0,
    idle_seconds: float = IDLE_SECONDS,
) -> list[Score]:
    """The scores of the given jobs, once every one has some.

    ``processor_seconds``: what the scorer has used so far. Raises TimeoutError after
    ``idle_seconds`` in which no further clip was scored and the scorer was idle.
    """
    commit, most = 0, -1
    since, used = time.monotonic(), processor_seconds()
    while True:
        scores = [score for score in client.scores() if score.job_id in job_ids]
        scored = {score.job_id for score in scores}
        tell(len(scored))
        if scored == job_ids:
            return scores
        now, using = time.monotonic(), processor_seconds()
        waited = now - since
        if len(scored) > most:
            most, since, used = len(scored), now, using
        elif waited > idle_seconds:
            if using - used < BUSY_SHARE * waited:
                raise TimeoutError(
                    f"{len(scored)} of {len(job_ids)} clips scored, none in the last {waited:.0f} s"
                )
            since, used = now, using
        commit = client.wait_for_commit(commit, timeout_seconds=min(5.0, idle_seconds))
