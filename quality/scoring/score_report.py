"""Prints scores: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from framegate.quality.metrics.definitions import DEFAULT_METRICS, DEFINITIONS, WITHOUT_REFERENCE
from framegate.quality.scoring.frame_table import check_frames_path, write_frames
from framegate.quality.scoring.metrics_page import better_word
from framegate.quality.scoring.score import ClipScore, as_document, inspect, scores
from framegate.quality.scoring.tally import MetricScore
from framegate.telemetry.platform.verdict import ExitCode


def score_with_progress(
    reference: str,
    clips: Sequence[str],
    *,
    metrics: str,
    lpips_every: int,
    frames: Path | None,
) -> list[ClipScore]:
    """Score clips with a progress bar on stderr; ``metrics`` are ids separated by commas."""
    file = frames and check_frames_path(frames)
    with progress_bar() as progress:
        found = scores(
            reference,
            clips,
            metrics=split_ids(metrics) or DEFAULT_METRICS,
            lpips_every=lpips_every,
            progress=progress,
        )
    if file:
        write_frames(found, file)
    return found


def inspect_with_progress(clip: str, *, metrics: str, frames: Path | None) -> ClipScore:
    """Score one clip without a reference, with a progress bar on stderr."""
    file = frames and check_frames_path(frames)
    with progress_bar() as progress:
        found = inspect(clip, metrics=split_ids(metrics) or WITHOUT_REFERENCE, progress=progress)
    if file:
        write_frames([found], file)
    return found


def split_ids(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def exit_code(results: Sequence[ClipScore]) -> int:
    """3 when any metric has no value, else 0."""
    values = [item.value for result in results for item in result.metrics.values()]
    return ExitCode.INCONCLUSIVE if None in values or not values else ExitCode.PASS


def print_scores(result: ClipScore | Sequence[ClipScore], *, as_json: bool) -> None:
    if as_json:
        print_json(result)
    elif isinstance(result, ClipScore):
        print_table(result)
    else:
        print_comparison(result)


@contextmanager
def progress_bar(
    what: str = "frame", *, total: int | None = None
) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on stderr until the block ends."""
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done, description=f"{what} {done}")


def print_json(result: ClipScore | Sequence[ClipScore]) -> None:
    """One document: a clip's score, or a list of them."""
    found = as_document(result) if isinstance(result, ClipScore) else [*map(as_document, result)]
    sys.stdout.write(json.dumps(found) + "\n")


def print_table(result: ClipScore) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("metric", "better"):
        table.add_column(heading, no_wrap=True)
    for heading in ("clip", "min", "max", "frames"):
        table.add_column(heading, justify="right")
    for item in result.metrics.values():
        numbers = [f"{n:.4f}" if n is not None else "-" for n in (item.value, item.min, item.max)]
        better = better_word(DEFINITIONS[item.id])
        table.add_row(item.id, better, *numbers, str(item.frames))
    console = Console()
    for name, facts in (("reference", result.reference), ("clip", result.clip)):
        if facts:
            line = f"{name:<10} {facts.source}"
            console.print(line, highlight=False, soft_wrap=True, markup=False)
    console.print(table)
    for line in remarks(result):
        console.print(line, highlight=False, soft_wrap=True, markup=False)


def print_comparison(results: Sequence[ClipScore]) -> None:
    """Print one column per clip and one row per metric; the best value of a row is bold."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("metric", "better"):
        table.add_column(heading, no_wrap=True)
    for number in range(1, len(results) + 1):
        table.add_column(f"clip {number}", justify="right")
    for name in results[0].metrics:
        items = [result.metrics[name] for result in results]
        best = best_value(items)
        better = better_word(DEFINITIONS[name])
        table.add_row(name, better, *(format_score(one.value, best) for one in items))
    console = Console()
    for number, result in enumerate(results, 1):
        line = f"clip {number:<3} {result.clip.source}"
        console.print(line, highlight=False, soft_wrap=True, markup=False)
    console.print(table)
    for number, result in enumerate(results, 1):
        for line in remarks(result):
            console.print(f"clip {number}: {line}", highlight=False, soft_wrap=True, markup=False)


def best_value(items: Sequence[MetricScore]) -> float | None:
    values = [item.value for item in items if item.value is not None]
    if not values or DEFINITIONS[items[0].id].two_sided:
        return None
    return max(values) if items[0].higher_is_better else min(values)


def format_score(value: float | None, best: float | None) -> str:
    if value is None:
        return "-"
    return f"[bold]{value:.4f}[/bold]" if value == best else f"{value:.4f}"


def remarks(result: ClipScore) -> Iterator[str]:
    """The findings about the clip's file, and the reasons of metrics without a value."""
    for finding in result.findings:
        yield f"{finding.id}: {finding.detail}"
    for item in result.metrics.values():
        if item.reason:
            yield f"{item.id} has no value: {item.reason}"


def print_metrics() -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("id", "better", "unit", "meaning"):
        table.add_column(heading)
    for metric in DEFINITIONS.values():
        table.add_row(metric.id, better_word(metric), metric.unit, metric.description)
    Console().print(table)
