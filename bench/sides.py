"""Times of two or more pieces of work, taken in turns so that a busy machine is busy for all."""

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One measured quantity; ``spread`` is its 5th to its 95th percentile."""

    what: str
    unit: str
    count: int
    median: float
    p5: float
    p95: float


def in_turns(work: Mapping[str, Callable[[], object]], *, repeats: int) -> dict[str, list[float]]:
    """Seconds of every repeat of each piece of work; one first round is not counted."""
    for piece in work.values():
        piece()
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(repeats):
        for name, piece in work.items():
            started = time.perf_counter()
            piece()
            seconds[name].append(time.perf_counter() - started)
    return seconds


def row(what: str, unit: str, values: Sequence[float], *, scale: float = 1.0) -> Row:
    """The quantity's row; ``scale`` turns the values into the unit."""
    p5, median, p95 = (float(np.percentile(values, q)) * scale for q in (5, 50, 95))
    return Row(what, unit, len(values), median, p5, p95)


def ratio(what: str, numerator: Sequence[float], denominator: Sequence[float]) -> Row:
    """The ratio of each round, which noise that lasts longer than a round leaves alone."""
    return row(what, "times", [a / b for a, b in zip(numerator, denominator, strict=True)])


def show(title: str, rows: Sequence[Row], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps({"title": title, "rows": [asdict(r) for r in rows]}) + "\n")
        return
    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("what")
    table.add_column("unit")
    for heading in ("n", "median", "p5", "p95"):
        table.add_column(heading, justify="right")
    for item in rows:
        numbers = (f"{value:.4g}" for value in (item.median, item.p5, item.p95))
        table.add_row(item.what, item.unit, str(item.count), *numbers)
    Console().print(table)
