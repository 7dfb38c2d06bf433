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
from framegate.gate.sides import evidence_of
from framegate.quality.gate.evidence.archive import Archive, Fault, summary
from framegate.quality.gate.evidence.evidence import Evidence
from framegate.quality.gate.policy.measures import MEASURES
from framegate.quality.gate.reports.numbers import amount
from framegate.telemetry.platform.errors import InputError


def record_baseline(
    model: str, settings: EvidenceSettings, target: str, *, name: str | None
) -> Evidence:
    """Make, score and store a baseline; a recorded one is copied."""
    (evidence,) = evidence_of([model], settings)
    if settings.generator is None and not evidence.environment.get("scorer.framegate"):
        raise InputError(f"{model}: --generator or a folder of clips is needed to record it")
    return copy_record(evidence, settings.archive, target, name=name or evidence.name)


def copy_record(evidence: Evidence, archive: Archive, target: str, *, name: str | None) -> Evidence:
    """Copy a record and its objects to another archive."""
    other = Archive(target)
    for clip in evidence.clips:
        for blob in clip.blobs.values():
            other.keep_bytes(archive.fetch(blob))
    return other.record(replace(evidence, id=None), name=name)


def record_json(evidence: Evidence) -> Mapping[str, Any]:
    return {
        "version": 1,
        **summary(evidence),
        "environment": dict(evidence.environment),
        "measures": {name: fmean(values) for name, values in measure_values(evidence).items()},
    }


def measure_values(evidence: Evidence) -> dict[str, list[float]]:
    """All clips' values by measure."""
    found: dict[str, list[float]] = {}
    for clip in evidence.clips:
        for name, value in clip.values.items():
            found.setdefault(name, []).append(value)
    return found


def print_record(evidence: Evidence) -> None:
    console = Console()
    for name, value in summary(evidence).items():
        console.print(f"{name:<12} {value}", highlight=False, soft_wrap=True)
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
