"""One objective in detail, for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from framegate.slo.alerting.alert_text import dimension_word, duration_text, short_number
from framegate.slo.commands.alert_table import short_time
from framegate.slo.commands.status_table import share_percent, status_table
from framegate.slo.judging.status import status_from

BARS = " ▁▂▃▄▅▆▇█"
SHOWN_CAUSES = 8

DetailFields = Mapping[str, Any]


def render_detail(found: DetailFields) -> Group:
    status = status_from(found["objective"])
    lines = [
        f"good when: {found['good_when']}",
        f"reason: {found['reason']}",
        f"owner: {status.owner}   runbook: {status.runbook}",
        f"coverage: {share_percent(status.coverage)} of the window's minutes",
        f"budget left, oldest first: {sparkline(found['past'])}",
        forecast_line(found["forecast"], left=status.budget_left),
    ]
    if found["canary"]:
        lines.append(canary_line(found["canary"]))
    return Group(
        status_table([status]),
        Text("\n".join(lines)),
        windows_table(found["windows"]),
        causes_table(found["causes"]),
    )


def sparkline(past: Sequence[DetailFields]) -> str:
    """One character for each part of the window: · for no data, ! for overspent."""
    return "".join(sparkline_bar(one["budget_left"]) for one in past)


def sparkline_bar(left: float | None) -> str:
    if left is None:
        return "·"
    return "!" if left < 0 else BARS[round(min(left, 1.0) * (len(BARS) - 1))]


def forecast_line(found: DetailFields | None, *, left: float | None) -> str:
    if left is not None and left < 0:
        return "forecast: the error budget is already exhausted"
    if found is None:
        return "forecast: none, no recent jobs"
    pace = (
        f"{found['bad_ratio']:.2%} bad of {found['jobs']} "
        f"in {duration_text(found['pace_minutes'])}, "
        f"90 % interval {found['bad_ratio_low']:.2%} to {found['bad_ratio_high']:.2%}"
    )
    times = [found[name] for name in ("exhausted_ns", "earliest_ns", "latest_ns")]
    spent, earliest, latest = (short_time(one) if one else "never" for one in times)
    return f"budget exhausted: {spent} (90 %: {earliest} to {latest})\n  current rate: {pace}"


def canary_line(found: DetailFields) -> str:
    share = "an unknown share" if found["budget_share"] is None else f"{found['budget_share']:.1%}"
    return (
        f"canary of {found['jobs']} jobs: {short_number(found['bad_jobs'])} expected bad, "
        f"{share} of the error budget"
    )


def windows_table(windows: Sequence[DetailFields]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("condition", no_wrap=True)
    for heading in ("window", "burn rate", "threshold"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in windows:
        burn = "-" if one["burn_rate"] is None else short_number(one["burn_rate"])
        table.add_row(
            one["condition"], duration_text(one["minutes"]), burn, short_number(one["factor"])
        )
    return table


def causes_table(causes: Sequence[DetailFields]) -> Table | Text:
    compared = [one for one in causes if one["alone"] or one["lift"] is not None]
    if not compared:
        return Text("No dimension stands out among the bad events.")
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("contributor", no_wrap=True)
    for heading in ("bad", "total", "share", "times others"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in compared[:SHOWN_CAUSES]:
        lift = "only" if one["alone"] else short_number(one["lift"])
        table.add_row(
            f"{dimension_word(one['dimension'])} {one['value'] or '(none)'}",
            str(one["bad"]),
            str(one["total"]),
            f"{one['bad_share']:.0%}",
            lift,
        )
    return table
