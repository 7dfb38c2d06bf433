"""Run the rollout gate against a running SLO engine."""

import time
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from framegate.slo.commands.client import SloClient
from framegate.slo.judging.change_request import RolloutKind
from framegate.slo.judging.gate import (
    RolloutDecision,
    decide_rollout,
    firing_severities,
    select_statuses,
)
from framegate.slo.judging.journal import JournalEntry, standing_decisions
from framegate.slo.judging.policy import DEFAULT_POLICY, load_policy
from framegate.slo.judging.status import status_from
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.verdict import Verdict


def decide_with_engine(
    collector_url: str | None, names: list[str], change: str, policy: Path | None
) -> RolloutDecision:
    """Query the engine and decide; raises InputError for unknown objectives or changes."""
    wanted = change_from(change)
    rules = load_policy(policy or DEFAULT_POLICY)
    engine = SloClient(collector_url)
    found = engine.get("objectives")
    statuses = [status_from(one) for one in found["objectives"]]
    firing = firing_severities(engine.get("alerts")["alerts"])
    bypasses = standing_decisions(
        entry_from("bypasses", one) for one in engine.get("bypasses")["bypasses"]
    )
    return decide_rollout(
        rules,
        select_statuses(statuses, names),
        firing,
        bypasses,
        change=wanted,
        now_ns=time.time_ns(),
        faults=found["faults"],
    )


def entry_from(kind: str, raw: dict[str, object]) -> JournalEntry:
    fields = ("number", "author", "reason", "made_ns", "revoked_ns", "revoked_by")
    known = {name: raw[name] for name in fields}
    return JournalEntry(kind=kind, body=raw, **known)  # type: ignore[arg-type]


def change_from(text: str) -> RolloutKind:
    try:
        return RolloutKind(text)
    except ValueError:
        known = ", ".join(RolloutKind)
        raise InputError(f"change {text!r} must be one of {known}") from None


def changes_from(texts: list[str] | None) -> list[str]:
    return [change_from(text).value for text in texts or list(RolloutKind)]


def gate_table(decision: RolloutDecision) -> Group:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("objective", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("reason")
    worst_first = [Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS]
    for one in sorted(decision.rulings, key=lambda one: worst_first.index(one.verdict)):
        reason = f"bypass {one.bypass}" if one.bypass else one.reason
        table.add_row(one.objective, one.verdict.lower(), reason)
    return Group(table, Text(f"{decision.verdict}: {decision.change.value}"))
