"""The doctor's findings as a table."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from framegate.doctor import CheckLevel, Diagnosis

STYLES = {CheckLevel.OK: "green", CheckLevel.NOTE: "yellow", CheckLevel.PROBLEM: "bold red"}


def print_diagnoses(found: Sequence[Diagnosis]) -> None:
    """One row a check; a repeated area is shown once."""
    table = Table(box=SIMPLE_HEAD)
    for head in ("", "check", "result", "detail"):
        table.add_column(head, overflow="fold")
    area = ""
    for one in found:
        shown = "" if one.area == area else one.area
        level = Text(one.level.value, style=STYLES[one.level])
        table.add_row(shown, one.name, level, Text(one.detail))
        area = one.area
    Console().print(table)
