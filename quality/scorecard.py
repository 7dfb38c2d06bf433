"""How scores are shown: a table for people, JSON for programs."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from quality.metrics import DEFAULT, METRICS, WITHOUT_REFERENCE
from quality.score import ClipScore, as_json, inspect, score


def score_with_progress(
    reference: str, clip: str, *, metrics: Sequence[str], lpips_every: int
) -> ClipScore:
    """Score, with a count of frames on stderr while it lasts."""
    with counting() as progress:
        return score(
            reference,
            clip,
            metrics=metrics or DEFAULT,
            lpips_every=lpips_every,
            progress=progress,
        )


def inspect_with_progress(clip: str, *, metrics: Sequence[str]) -> ClipScore:
    """The same for a clip without a reference."""
    with counting() as progress:
        return inspect(clip, metrics=metrics or WITHOUT_REFERENCE, progress=progress)


@contextmanager
def counting() -> Iterator[Callable[[int], None]]:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("frames", total=None)
        yield lambda done: progress.update(task, completed=done, description=f"frame {done}")


def print_json(result: ClipScore) -> None:
    sys.stdout.write(json.dumps(as_json(result)) + "\n")


def print_table(result: ClipScore) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("metric", "better"):
        table.add_column(heading, no_wrap=True)
    for heading in ("clip", "min", "max", "frames"):
        table.add_column(heading, justify="right")
    for item in result.metrics.values():
        numbers = [f"{n:.4f}" if n is not None else "-" for n in (item.value, item.min, item.max)]
        better = "higher" if item.higher_is_better else "lower"
        table.add_row(item.id, better, *numbers, str(item.frames))
    console = Console()
    for name, facts in (("reference", result.reference), ("clip", result.clip)):
        if facts:
            console.print(f"{name:<10} {facts.source}", highlight=False, soft_wrap=True)
    console.print(table)
    for line in remarks(result):
        console.print(line, highlight=False, soft_wrap=True)


def remarks(result: ClipScore) -> Iterator[str]:
    """What is wrong with the clip's file, and why metrics have no value."""
    for finding in result.findings:
        yield f"{finding.id}: {finding.detail}"
    for item in result.metrics.values():
        if item.reason:
            yield f"no {item.id}: {item.reason}"


def print_metrics() -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("id", "better", "unit", "meaning"):
        table.add_column(heading)
    for metric in METRICS.values():
        better = "higher" if metric.higher_is_better else "lower"
        table.add_row(metric.id, better, metric.unit, metric.description)
    Console().print(table)
