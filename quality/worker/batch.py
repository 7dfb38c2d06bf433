"""Scores the clips of a CSV table; one line of JSON per clip, in the order of the table."""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from framegate.quality.scoring.pools import Pool, outcomes_in_order
from framegate.quality.scoring.score import as_document
from framegate.quality.scoring.task import Outcome, ScoringTask
from framegate.telemetry.platform.errors import InputError

COLUMNS = ("clip", "reference")


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One row of the table; ``reference`` is None for a clip that has none."""

    clip: str
    reference: str | None


def read_rows(path: Path) -> list[BatchRow]:
    """The rows of a CSV file with the columns clip and reference; InputError names a wrong row."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: {error}") from error
    if not rows:
        raise InputError(f"{path}: has no rows")
    return [parse_row(row, place=f"{path}, row {number}") for number, row in enumerate(rows, 1)]


def parse_row(row: dict[str, Any], *, place: str) -> BatchRow:
    if set(row) - {"reference"} != {"clip"}:
        raise InputError(f"{place}: the columns must be {', '.join(COLUMNS)}")
    clip, reference = ((row.get(name) or "").strip() for name in COLUMNS)
    if not clip:
        raise InputError(f"{place}: the clip column is empty")
    return BatchRow(clip, reference or None)


def run_batch(
    pool: Pool, tasks: Iterator[ScoringTask], out: TextIO, *, progress: Callable[[int], None]
) -> int:
    """Write one line per task; returns how many tasks have a metric without a value."""
    lacking = 0
    for number, (task, outcome) in enumerate(outcomes_in_order(pool, tasks), 1):
        out.write(json.dumps(outcome_json(task, outcome)) + "\n")
        out.flush()
        lacking += not has_every_value(outcome)
        progress(number)
    return lacking


def outcome_json(task: ScoringTask, outcome: Outcome) -> dict[str, Any]:
    return {
        "clip": task.clip,
        "reference": task.reference,
        "reason": outcome.reason,
        "seconds": round(outcome.seconds, 3),
        "score": as_document(outcome.score) if outcome.score else None,
    }


def has_every_value(outcome: Outcome) -> bool:
    """Whether every metric has a value."""
    score = outcome.score
    return score is not None and all(item.value is not None for item in score.metrics.values())
