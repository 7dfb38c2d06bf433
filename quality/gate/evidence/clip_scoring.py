"""Scores the clips of one side in several processes, in order."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from framegate.quality.gate.evidence.archive import Archive
from framegate.quality.gate.evidence.evidence import Blob, Clip, finite_clip
from framegate.quality.gate.evidence.fingerprint import GATE_LPIPS_EVERY
from framegate.quality.metrics.definitions import DEFINITIONS
from framegate.quality.scoring.pools import Pool, outcomes_in_order
from framegate.quality.scoring.score import ClipScore, as_document
from framegate.quality.scoring.task import Outcome, ScoringTask

NO_REFERENCE = "no reference footage"


@dataclass(frozen=True, slots=True)
class ClipFiles:
    """A clip and its files; a clip that was not delivered has no ``path``."""

    clip: Clip
    path: Path | None
    reference: Path | None = None


def score_all(
    footage: Sequence[ClipFiles],
    metrics: Sequence[str],
    *,
    pool: Pool,
    archive: Archive | None,
    done: Callable[[Clip], None],
) -> list[Clip]:
    """Every clip with a value or a reason for each metric; ``done`` is called for each scored clip.

    Per-frame values are stored in ``archive`` if there is one.
    """
    found: list[Clip] = []
    there = [one for one in footage if one.path is not None and task_of(one, metrics).metric_ids]
    found += [
        clip_without_reference(one.clip, metrics)
        for one in footage
        if one.path and one not in there
    ]
    outcomes = outcomes_in_order(pool, (task_of(one, metrics) for one in there))
    for one, (_, outcome) in zip(there, outcomes, strict=True):
        clip = scored_clip(one, outcome, metrics, archive)
        found.append(clip)
        done(clip)
    return found + [one.clip for one in footage if one.path is None]


def clip_without_reference(clip: Clip, metrics: Sequence[str]) -> Clip:
    """A clip without a reference, where every metric needs one."""
    return replace(clip, reasons={**clip.reasons, **dict.fromkeys(metrics, NO_REFERENCE)})


def task_of(one: ClipFiles, metrics: Sequence[str]) -> ScoringTask:
    no_reference = tuple(name for name in metrics if not DEFINITIONS[name].needs_reference)
    return ScoringTask(
        clip=str(one.path),
        reference=None if one.reference is None else str(one.reference),
        metrics=tuple(metrics),
        no_reference_metrics=no_reference,
        lpips_every=GATE_LPIPS_EVERY,
    )


def scored_clip(
    one: ClipFiles, outcome: Outcome, metrics: Sequence[str], archive: Archive | None
) -> Clip:
    """The clip with the scorer's values and reasons added."""
    values, reasons = dict(one.clip.values), dict(one.clip.reasons)
    for name in metrics:
        if outcome.score is None:
            reasons[name] = outcome.reason or "no value"
        elif name not in outcome.score.metrics:
            reasons[name] = NO_REFERENCE
    for name, item in outcome.score.metrics.items() if outcome.score else ():
        if item.value is None:
            reasons[name] = item.reason or "no value"
        else:
            values[name] = item.value
    frames = keep_frames(outcome.score, one.clip.key, archive)
    blobs = {**one.clip.blobs, **({"frames": frames} if frames else {})}
    return finite_clip(replace(one.clip, values=values, reasons=reasons, blobs=blobs))


def keep_frames(score: ClipScore | None, key: str, archive: Archive | None) -> Blob | None:
    """Store per-frame values as ``quality score --json`` prints them, without local paths."""
    if score is None or archive is None:
        return None
    document = as_document(score)
    for name in ("clip", "reference"):
        if document[name]:
            document[name]["source"] = f"{name} of {key}"
    return archive.keep_bytes(json.dumps(document).encode())
