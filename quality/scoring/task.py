"""One clip to score: in this process, in another one, or on another machine."""

import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from framegate.quality.metrics.definitions import DEFAULT_METRICS, DEFINITIONS, WITHOUT_REFERENCE
from framegate.quality.scoring.sampling import LPIPS_EVERY
from framegate.quality.scoring.score import ClipScore, inspect, score
from framegate.quality.video.fetch import ClipSources
from framegate.telemetry.platform.errors import InputError


@dataclass(frozen=True, slots=True)
class ScoringTask:
    """A clip, its reference if it has one, and the metrics to compute.

    ``metrics`` are used for a clip with a reference, ``no_reference_metrics`` for one without.
    With ``sources``, only what they allow is read; without, any local path too.
    """

    clip: str
    reference: str | None = None
    metrics: tuple[str, ...] = tuple(DEFAULT_METRICS)
    no_reference_metrics: tuple[str, ...] = tuple(WITHOUT_REFERENCE)
    lpips_every: int = LPIPS_EVERY
    sources: ClipSources | None = None

    @property
    def metric_ids(self) -> Sequence[str]:
        return self.metrics if self.reference else self.no_reference_metrics


@dataclass(frozen=True, slots=True)
class Outcome:
    """A clip's score, or the reason why it has none, and how long scoring took."""

    score: ClipScore | None
    reason: str | None
    started_ns: int
    seconds: float


def perform_task(task: ScoringTask) -> Outcome:
    """Fetch and score one clip in one thread; a clip that cannot be scored is an outcome too."""
    limit_to_one_thread()
    started_ns, started = time.time_ns(), time.perf_counter()
    found, reason = None, None
    try:
        found = score_task(task)
    except InputError as error:
        reason = str(error)
    return Outcome(found, reason, started_ns, time.perf_counter() - started)


def limit_to_one_thread() -> None:
    """Limit torch to one thread, loaded or not: more threads would compete with other processes."""
    os.environ["OMP_NUM_THREADS"] = "1"
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def score_task(task: ScoringTask) -> ClipScore:
    with ExitStack() as stack:
        clip, reference = (
            url and (stack.enter_context(task.sources.fetch(url)) if task.sources else url)
            for url in (task.clip, task.reference)
        )
        assert clip
        if reference is None:
            return inspect(clip, metrics=task.no_reference_metrics)
        return score(reference, clip, metrics=task.metrics, lpips_every=task.lpips_every)


def failed_outcome(reason: str) -> Outcome:
    """The outcome of a clip whose scoring process ended without a result."""
    return Outcome(None, reason, time.time_ns(), 0.0)


def check_metric_ids(ids: Sequence[str]) -> tuple[str, ...]:
    """The ids as they are; raises InputError for an unknown one."""
    for name in ids:
        if name not in DEFINITIONS:
            raise InputError(f"metrics: {name} is unknown; known: {', '.join(DEFINITIONS)}")
    return tuple(ids)


def check_no_reference_ids(ids: Sequence[str]) -> tuple[str, ...]:
    """The ids as they are; raises InputError for an unknown one and one that needs a reference."""
    for name in check_metric_ids(ids):
        if DEFINITIONS[name].needs_reference:
            raise InputError(f"no-reference-metrics: {name} needs a reference")
    return tuple(ids)
