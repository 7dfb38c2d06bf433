"""The table of objectives that ``framegate slo list`` prints."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

from framegate.slo.objectives.summary import ObjectiveSummary, target_percent


def objective_table(objectives: Sequence[ObjectiveSummary]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("objective", "target", "good when", "window", "owner"):
        table.add_column(heading, overflow="fold")
    for item in objectives:
        days = item.window.duration + ("" if item.window.is_rolling else " by calendar")
        table.add_row(item.name, target_percent(item.target), item.good_when, days, item.owner)
    return table
