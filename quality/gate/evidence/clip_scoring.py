"""Scores the clips of one side in several processes, in order."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from framegate.quality.gate.evidence.archive import Archive
from framegate.quality.gate.evidence.evidence import (
    DELIVERY,
    NO_REFERENCE,
    Blob,
    Clip,
    DeliveredClip,
    finite_clip,
)
from framegate.quality.gate.evidence.fingerprint import GATE_LPIPS_EVERY
from framegate.quality.gate.evidence.kept_clips import ClipFiles
from framegate.quality.metrics.definitions import DEFINITIONS
from framegate.quality.scoring.pools import Pool, outcomes_in_order
from framegate.quality.scoring.score import ClipScore, as_document
from framegate.quality.scoring.task import Outcome, ScoringTask


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
    there = [one for one in footage if one.path is not None]
    outcomes = outcomes_in_order(pool, (task_of(one, metrics) for one in there))
    unscored: list[ClipFiles] = []
    for one, (_, outcome) in zip(there, outcomes, strict=True):
        clip = scored_clip(one, outcome, metrics, archive)
        if outcome.score is None and one.reference:
            unscored.append(replace(one, clip=clip, reference=None))
            continue
        found.append(clip)
        done(clip)
    for clip in measure_without_reference(unscored, pool):
        found.append(clip)
        done(clip)
    return found + [one.clip for one in footage if one.path is None]


def measure_without_reference(footage: Sequence[ClipFiles], pool: Pool) -> Iterator[Clip]:
    """Clips that could not be scored with their reference, with what their own file delivers."""
    outcomes = outcomes_in_order(pool, (task_of(one, ()) for one in footage))
    for one, (_, outcome) in zip(footage, outcomes, strict=True):
        if outcome.score is None:
            yield one.clip
        else:
            rest = {name: why for name, why in one.clip.reasons.items() if name != DELIVERY}
            yield replace(one.clip, reasons=rest, delivery=delivery_of(outcome.score))


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
    """The clip with what was measured of its file, and the scorer's values and reasons."""
    values, reasons = dict(one.clip.values), dict(one.clip.reasons)
    if outcome.score is None:
        reasons[DELIVERY] = outcome.reason or "was not decoded"
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
    delivery = delivery_of(outcome.score) if outcome.score else None
    return finite_clip(
        replace(one.clip, values=values, reasons=reasons, blobs=blobs, delivery=delivery)
    )


def delivery_of(score: ClipScore) -> DeliveredClip:
    facts, content, reference = score.clip, score.clip_content, score.reference_content
    return DeliveredClip(
        frames=content.frames,
        seconds=content.seconds,
        frame_rate=facts.fps,
        width=facts.width,
        height=facts.height,
        pixel_format=facts.layout.format,
        has_audio=content.has_audio,
        digest=content.digest,
        reference_digest=reference.digest if reference else None,
        faults=score.clip_faults,
    )


def keep_frames(score: ClipScore | None, key: str, archive: Archive | None) -> Blob | None:
    """Store per-frame values as ``quality score --json`` prints them, without local paths."""
    if score is None or archive is None:
        return None
    document = as_document(score)
    for name in ("clip", "reference"):
        if document[name]:
            document[name]["source"] = f"{name} of {key}"
    return archive.keep_bytes(json.dumps(document).encode())
