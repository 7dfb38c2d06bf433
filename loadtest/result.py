"""The result of a load test: counts, and percentiles of the raw values."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from framegate.loadtest.watch import ViewerOutcome, ViewerResult
from framegate.telemetry.platform.verdict import ExitCode


@dataclass(frozen=True, slots=True)
class LoadResult:
    """Times in seconds; percentiles are over the jobs that became playable, None without any.

    ``jobs`` of ``planned`` were played; the others were cut off by the time limit or by an error
    of the load test. ``throttled`` counts responses with status 429.
    """

    planned: int
    jobs: int
    complete: int
    playable: int
    outcomes: dict[str, int]
    throttled: int
    ttfp_p50: float | None
    ttfp_p95: float | None
    ttfp_p99: float | None
    stalled_jobs: int
    stall_seconds: float
    frames: int
    size_bytes: int
    duration_seconds: float


def summarize_run(
    seen: Sequence[ViewerResult], *, planned: int, duration_seconds: float
) -> LoadResult:
    ttfp = [item.playback.ttfp_seconds for item in seen if item.playback.ttfp_seconds is not None]
    outcomes = [item.outcome for item in seen]
    p50, p95, p99 = np.percentile(ttfp, [50, 95, 99]).tolist() if ttfp else (None, None, None)
    return LoadResult(
        planned=planned,
        jobs=len(seen),
        complete=outcomes.count(ViewerOutcome.COMPLETE),
        playable=len(ttfp),
        outcomes={kind.value: outcomes.count(kind) for kind in ViewerOutcome if kind in outcomes},
        throttled=sum(item.throttled for item in seen),
        ttfp_p50=p50,
        ttfp_p95=p95,
        ttfp_p99=p99,
        stalled_jobs=sum(item.playback.stall_count > 0 for item in seen),
        stall_seconds=sum(item.playback.stall_seconds for item in seen),
        frames=sum(item.playback.frames for item in seen),
        size_bytes=sum(item.size_bytes for item in seen),
        duration_seconds=duration_seconds,
    )


def exit_code(result: LoadResult) -> int:
    """0 when every planned job was complete, 1 when one was not, 3 when one was never played."""
    if result.complete < result.jobs:
        return ExitCode.FAIL
    return ExitCode.PASS if 0 < result.planned == result.jobs else ExitCode.INCONCLUSIVE
