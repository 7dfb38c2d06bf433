"""Recorded baselines: made, copied, printed."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from statistics import fmean
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from framegate.gate.settings import EvidenceSettings
from framegate.gate.sides import evidence_of, is_folder
from framegate.quality.gate.evidence.archive import Archive, Fault, split_reference, summary
from framegate.quality.gate.evidence.evidence import Blob, Evidence, require_measurements
from framegate.quality.gate.evidence.kept_clips import ClipFiles
from framegate.quality.gate.policy.measures import MEASURES
from framegate.quality.gate.reports.numbers import amount
from framegate.telemetry.platform.errors import InputError

EVERYTHING = ("clip", "reference", "frames")
SCORES = ("frames",)  # without clips
NO_CLIPS = "no clips are kept: golden. rules have no value against this record, pages no pictures"


def record_baseline(
    model: str,
    settings: EvidenceSettings,
    target: str,
    *,
    name: str | None,
    kept: Sequence[str] = EVERYTHING,
) -> Evidence:
    """Make, score and store a baseline; a recorded one is copied. ``kept`` are kinds of blobs."""
    other = Archive(target)
    if is_folder(model):
        evidence = folder_with_footage(model, settings, other, kept=kept)
    else:
        (evidence,) = evidence_of([model], settings)
    if settings.generator is None and not evidence.environment.get("scorer.framegate"):
        raise InputError(f"{model}: --generator or a folder of clips is needed to record it")
    root = split_reference(evidence.source)[0] if evidence.id else settings.archive.root
    return copy_record(evidence, Archive(root), other, name=name or evidence.name, kept=kept)


def folder_with_footage(
    text: str, settings: EvidenceSettings, archive: Archive, *, kept: Sequence[str]
) -> Evidence:
    """A folder's evidence with its clips and references in the archive.

    Raises InputError for a file that changed while it was scored: the scores may not be its own.
    """
    from framegate.gate.generation import clip_folder
    from framegate.quality.gate.evidence.folders import clip_files

    one_side = clip_folder(text, settings)
    before = keep_footage(clip_files(one_side, settings.metrics), archive, kept=kept)
    (evidence,) = evidence_of([text], settings)
    if keep_footage(clip_files(one_side, settings.metrics), archive, kept=kept) != before:
        raise InputError(f"{text}: a file changed while it was scored; record it again")
    clips = (replace(clip, blobs={**clip.blobs, **before[clip.key]}) for clip in evidence.clips)
    return replace(evidence, clips=tuple(clips))


def keep_footage(
    footage: Sequence[ClipFiles], archive: Archive, *, kept: Sequence[str]
) -> Mapping[str, Mapping[str, Blob]]:
    """The blobs of the clips' files by key and kind."""
    return {
        one.clip.key: {
            kind: archive.keep_file(path)
            for kind, path in (("clip", one.path), ("reference", one.reference))
            if path and kind in kept
        }
        for one in footage
    }


def copy_record(
    evidence: Evidence,
    archive: Archive,
    other: Archive,
    *,
    name: str | None,
    kept: Sequence[str] = EVERYTHING,
) -> Evidence:
    """Copy a record and its objects to another archive."""
    clips = tuple(
        replace(clip, blobs={kind: blob for kind, blob in clip.blobs.items() if kind in kept})
        for clip in evidence.clips
    )
    for blob in (blob for clip in clips for blob in clip.blobs.values()):
        if not other.has(blob):
            other.keep_bytes(archive.fetch(blob))
    return other.record(replace(evidence, id=None, clips=clips), name=name)


def record_json(evidence: Evidence) -> Mapping[str, Any]:
    return {
        "version": 1,
        **summary(evidence),
        "environment": dict(evidence.environment),
        "measures": {name: fmean(values) for name, values in measure_values(evidence).items()},
    }


def measure_values(evidence: Evidence) -> dict[str, list[float]]:
    """All clips' values by measure; raises InputError for one that is no measurement."""
    require_measurements(evidence)
    found: dict[str, list[float]] = {}
    for clip in evidence.clips:
        for name, value in clip.values.items():
            found.setdefault(name, []).append(value)
    return found


def print_record(evidence: Evidence) -> None:
    console = Console()
    for name, value in summary(evidence).items():
        console.print(f"{name:<12} {value}", highlight=False, soft_wrap=True)
    if not evidence.keeps_clips:
        console.print(NO_CLIPS, highlight=False, soft_wrap=True)
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("measure", no_wrap=True)
    for heading in ("mean", "lowest", "highest", "clips"):
        table.add_column(heading, justify="right")
    table.add_column("unit")
    for name, values in measure_values(evidence).items():
        numbers = (amount(value) for value in (fmean(values), min(values), max(values)))
        unit = MEASURES[name].unit if name in MEASURES else ""
        table.add_row(name, *numbers, str(len(values)), unit)
    console.print(table)
    for name, value in sorted(evidence.environment.items()):
        console.print(f"{name:<38} {value}", highlight=False, soft_wrap=True)


def print_faults(evidence: Evidence, faults: Sequence[Fault], *, as_json: bool) -> None:
    if as_json:
        found = {"version": 1, "id": evidence.id, "faults": [asdict(fault) for fault in faults]}
        sys.stdout.write(json.dumps(found) + "\n")
        return
    console = Console(soft_wrap=True)
    for fault in faults:
        console.print(f"{fault.path}: {fault.detail}", highlight=False)
    state = f"{len(faults)} objects are missing or changed" if faults else "intact"
    console.print(f"sha256:{evidence.id}: {state}", highlight=False)
