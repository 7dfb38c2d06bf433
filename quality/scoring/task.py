"""One clip to score, wherever that happens: in this process, in another one, on another machine."""

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
    """A clip, its reference if it has one, and what to say of it.

    ``metrics`` are for clips with a reference, ``alone`` for those without. With ``sources``, only
    what they allow is read; without, any local path as well.
    """

    clip: str
    reference: str | None = None
    metrics: tuple[str, ...] = tuple(DEFAULT_METRICS)
    alone: tuple[str, ...] = tuple(WITHOUT_REFERENCE)
    lpips_every: int = LPIPS_EVERY
    sources: ClipSources | None = None

    @property
    def metric_ids(self) -> Sequence[str]:
        return self.metrics if self.reference else self.alone


@dataclass(frozen=True, slots=True)
class Outcome:
    """A clip's score, or the reason why it has none; and how long that took."""

    score: ClipScore | None
    reason: str | None
    started_ns: int
    seconds: float


def perform_task(task: ScoringTask) -> Outcome:
    """Fetch and score one clip on one thread; what cannot be scored is an outcome as well."""
    limit_to_one_thread()
    started_ns, started = time.time_ns(), time.perf_counter()
    found, reason = None, None
    try:
        found = score_task(task)
    except InputError as error:
        reason = str(error)
    return Outcome(found, reason, started_ns, time.perf_counter() - started)


def limit_to_one_thread() -> None:
    """Keep torch to one thread, loaded or not: more spin against the other processes and stall."""
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
            return inspect(clip, metrics=task.alone)
        return score(reference, clip, metrics=task.metrics, lpips_every=task.lpips_every)


def failed_outcome(reason: str) -> Outcome:
    """The outcome of a clip whose scoring ended without one."""
    return Outcome(None, reason, time.time_ns(), 0.0)


def check_metric_ids(ids: Sequence[str], *, alone: bool) -> tuple[str, ...]:
    """The ids again; raises InputError for an unknown one, or one that needs a reference."""
    for name in ids:
        if name not in DEFINITIONS:
            raise InputError(f"metrics: {name}: unknown; known: {', '.join(DEFINITIONS)}")
        if alone and DEFINITIONS[name].needs_reference:
            raise InputError(f"metrics: {name}: needs a reference")
    return tuple(ids)
