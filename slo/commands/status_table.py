"""Statuses of objectives: a table for people, JSON for programs."""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from framegate.slo.judging.status import SloState, SloStatus, status_json
from framegate.slo.objectives.summary import target_percent

JSON_VERSION = 2
COUNT_SUFFIXES = (("G", 10**9), ("M", 10**6), ("k", 10**3))


def status_word(item: SloStatus) -> str:
    """The word in the state column; it is never ok without fresh data."""
    if item.state is not SloState.MEASURED:
        return item.state.value
    if not item.met:
        return "breached"
    return "burning" if item.firing else "ok"


def status_table(statuses: Sequence[SloStatus]) -> Table:
    table = Table(title="Service level objectives", box=SIMPLE_HEAD, pad_edge=False, padding=0)
    table.add_column("objective", no_wrap=True)
    for heading in ("target", "SLI", "good", "bad", "pending", "budget", "burn"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for item in statuses:
        table.add_row(
            item.name,
            target_percent(item.target),
            sli_percent(item.ratio),
            short_count(item.counts.good),
            short_count(item.counts.bad),
            short_count(item.counts.unscored),
            share_percent(item.budget_left),
            "-" if item.burn_1h is None else f"{item.burn_1h:.1f}",
            status_word(item),
        )
    return table


def share_percent(share: float | None) -> str:
    """A percentage with a decimal where it matters."""
    if share is None:
        return "-"
    return f"{share:.0%}" if share in (0.0, 1.0) or abs(share) >= 2 else f"{share:.1%}"


def short_count(count: int) -> str:
    """A short form such as 12M; exact numbers are in the JSON."""
    if count < 100_000:
        return str(count)
    unit, size = next(one for one in COUNT_SUFFIXES if count >= one[1])
    places = 1 if count < 10 * size else 0
    return f"{count / size:.{places}f}{unit}"


def sli_percent(ratio: float | None) -> str:
    """An SLI with two decimals, never rounded up to 100 %."""
    return (
        "-"
        if ratio is None
        else share_percent(ratio)
        if ratio in (0.0, 1.0)
        else rounded_down_percent(ratio)
    )


def rounded_down_percent(ratio: float) -> str:
    return f"{math.floor(ratio * 10_000) / 100:.2f}%"


def print_json(
    statuses: Sequence[SloStatus], *, watermark_ns: int | None, faults: Mapping[str, str]
) -> None:
    document: dict[str, Any] = {
        "version": JSON_VERSION,
        "watermark_ns": watermark_ns,
        "faults": faults,
        "objectives": [status_json(item) for item in statuses],
    }
    sys.stdout.write(json.dumps(document) + "\n")
