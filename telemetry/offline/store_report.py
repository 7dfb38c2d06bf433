"""A store's contents, as a table and as JSON."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from framegate.telemetry.offline.store_files import StoreInfo

WIDTH = 80


def info_json(info: StoreInfo) -> str:
    return json.dumps(asdict(info))


def info_table(info: StoreInfo) -> str:
    title = f"schema {info.schema_version}, {info.file_bytes / 1e6:.1f} MB"
    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("signal", "rows", "first", "last", "archived", "MB"):
        text = heading in ("signal", "first", "last")
        table.add_column(heading, justify="left" if text else "right", no_wrap=True)
    for held in info.holdings:
        table.add_row(
            held.signal,
            f"{held.rows:,}",
            format_time(held.first_ns),
            format_time(held.last_ns),
            f"{held.archived_rows:,}",
            f"{held.archived_bytes / 1e6:.1f}",
        )
    console = Console(width=WIDTH, color_system=None)
    with console.capture() as captured:
        console.print(table)
    return captured.get().rstrip()


def format_time(time_ns: int | None) -> str:
    """A time in UTC, to the minute."""
    return "" if time_ns is None else f"{datetime.fromtimestamp(time_ns / 1e9, UTC):%Y-%m-%d %H:%M}"
