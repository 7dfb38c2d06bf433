"""Prints drifts of scores: a table for people, JSON for programs."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from framegate.quality.worker.drift import DriftDetector, DriftMonitor

HEADINGS = ("workload", "model", "metric", "clips", "before", "now", "worse since")


def print_table(watch: DriftMonitor) -> None:
    """One line per drift and one per series without a drift; drifts come first."""
    console = Console()
    if not watch.detectors:
        console.print("no scores")
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in HEADINGS:
        table.add_column(heading, justify="right" if heading in HEADINGS[3:6] else "left")
    for watched in sorted(watch.detectors.values(), key=lambda one: (not one.changes, one.series)):
        for row in table_rows(watched):
            table.add_row(*row)
    console.print(table)


def table_rows(watched: DriftDetector) -> Iterator[tuple[str, ...]]:
    series = watched.series
    names = (series.workload, series.model, series.metric)
    if not watched.changes:
        yield (*names, str(len(watched.scores)), "", f"{watched.median:.4f}", "")
    for change in watched.changes:
        since = datetime.fromtimestamp(change.since_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%MZ")
        numbers = (f"{change.before:.4f}", f"{change.after:.4f}")
        yield (*names, str(change.clips_before + change.clips_after), *numbers, since)


def print_json(watch: DriftMonitor) -> None:
    sys.stdout.write(json.dumps([series_json(one) for one in watch.detectors.values()]) + "\n")


def series_json(watched: DriftDetector) -> dict[str, Any]:
    changes = [asdict(change) for change in watched.changes]
    for change in changes:
        del change["series"]
    return {
        **asdict(watched.series),
        "clips": len(watched.scores),
        "median": watched.median,
        "evidence": watched.evidence,
        "limit": watched.limit,
        "changes": changes,
    }
