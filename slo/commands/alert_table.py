"""Tables of alerts, silences and corrections for a terminal."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from framegate.slo.judging.alerts import AlertPhase
from framegate.slo.judging.status import STALE_SECONDS
from framegate.slo.objectives.alert_rules import Severity
from framegate.telemetry.platform.clock import SECOND_NS
from framegate.telemetry.platform.verdict import ExitCode

AlertRow = Mapping[str, Any]


def alert_table(alerts: Sequence[AlertRow]) -> Table | Group | str:
    """One row for each alert, then the full text of every alert that is notified."""
    if not alerts:
        return "No alerts are firing."
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("objective", "condition", "state", "since", "notified"):
        table.add_column(heading, no_wrap=True)
    for alert in alerts:
        group = f" ({', '.join(alert['group'])})" if alert["group"] else ""
        table.add_row(
            alert["objective"] + group,
            alert["condition"],
            shown_phase(alert),
            short_time(alert["since_ns"]),
            "no" if suppression_reason(alert) else "yes",
        )
    texts = [
        Text(f"{alert['summary']}\n{alert['description']}\n")
        for alert in alerts
        if is_notified(alert)
    ]
    return Group(table, *texts)


def shown_phase(alert: AlertRow) -> str:
    return f"{alert['phase']}, no data" if alert["frozen_ns"] else str(alert["phase"])


def suppression_reason(alert: AlertRow) -> str:
    return alert["inhibited_by"] or alert["silenced_by"] or ""


def is_notified(alert: AlertRow) -> bool:
    return alert["phase"] == AlertPhase.FIRING and not suppression_reason(alert)


def exit_code(found: AlertRow) -> int:
    """1 if a page fires that is not silenced, 3 without fresh data, else 0."""
    if any(alert["severity"] == Severity.PAGE and is_notified(alert) for alert in found["alerts"]):
        return ExitCode.FAIL
    newest_ns = found["watermark_ns"]
    fresh = newest_ns is not None and found["looked_ns"] - newest_ns <= STALE_SECONDS * SECOND_NS
    return ExitCode.PASS if fresh else ExitCode.INCONCLUSIVE


def decision_table(decisions: Sequence[AlertRow], none: str) -> Table | str:
    if not decisions:
        return none
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("number", "labels", "from", "to", "author", "reason", "revoked"):
        table.add_column(heading)
    for one in decisions:
        labels = ", ".join(f"{name}={value}" for name, value in one["labels"].items())
        table.add_row(
            str(one["number"]),
            labels,
            short_time(one["start_ns"]),
            short_time(one["end_ns"]),
            one["author"],
            one["reason"],
            f"by {one['revoked_by']}" if one["revoked_ns"] else "",
        )
    return table


def short_time(time_ns: int | None) -> str:
    if time_ns is None:
        return "-"
    return datetime.fromtimestamp(time_ns // SECOND_NS, UTC).strftime("%m-%d %H:%M:%S")
