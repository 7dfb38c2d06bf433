"""Decide whether a change may be rolled out: apply the policy to budgets and alerts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from framegate.slo.judging.change_request import RolloutKind
from framegate.slo.judging.journal import StandingDecision, first_covering
from framegate.slo.judging.policy import ErrorBudgetPolicy, RolloutRuling, overall_verdict, rule_on
from framegate.slo.judging.status import SloState, SloStatus
from framegate.slo.objectives.alert_rules import Severity
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.verdict import Verdict


@dataclass(frozen=True, slots=True)
class RolloutDecision:
    """The verdict, and the ruling on each objective."""

    verdict: Verdict
    change: RolloutKind
    rulings: tuple[RolloutRuling, ...]


def decide_rollout(
    policy: ErrorBudgetPolicy,
    statuses: Sequence[SloStatus],
    firing: Mapping[str, Sequence[Severity]],
    bypasses: Sequence[StandingDecision],
    *,
    change: RolloutKind,
    now_ns: int,
    faults: Mapping[str, str] | None = None,
) -> RolloutDecision:
    """Apply the policy to every objective.

    ``firing`` has the severities of the firing alerts by objective. ``faults`` are invalid files of
    objectives; each makes the verdict inconclusive. A bypass turns a ruling into a pass and is
    named in it. Objectives without traffic are ignored unless all are without traffic.
    """
    found = [rule_on(policy, one, firing.get(one.name, ()), change) for one in statuses]
    shown = [
        apply_bypass(one, status, bypasses, change=change, now_ns=now_ns)
        for one, status in zip(found, statuses, strict=True)
    ]
    quiet = [
        status.name
        for status, one in zip(statuses, shown, strict=True)
        if status.state is SloState.NO_TRAFFIC and one.verdict is Verdict.INCONCLUSIVE
    ]
    shown += [
        RolloutRuling(path, Verdict.INCONCLUSIVE, fault) for path, fault in (faults or {}).items()
    ]
    return RolloutDecision(overall_verdict(shown, quiet), change, tuple(shown))


def apply_bypass(
    one: RolloutRuling,
    status: SloStatus,
    bypasses: Sequence[StandingDecision],
    *,
    change: RolloutKind,
    now_ns: int,
) -> RolloutRuling:
    if one.verdict is Verdict.PASS:
        return one
    labels = {**status.labels, "slo": status.name, "service": status.service, "owner": status.owner}
    meant = [bypass for bypass in bypasses if change in bypass.changes]
    found = first_covering(meant, labels, now_ns=now_ns)
    return replace(one, verdict=Verdict.PASS, bypass=str(found)) if found else one


def select_statuses(statuses: Sequence[SloStatus], names: Sequence[str]) -> list[SloStatus]:
    """The named statuses, or all; raises InputError for an unknown name."""
    known = {status.name: status for status in statuses}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(f"unknown objective {unknown[0]!r}; known: {', '.join(known)}")
    return [known[name] for name in names] if names else list(statuses)


def firing_severities(alerts: Sequence[Mapping[str, Any]]) -> dict[str, list[Severity]]:
    """Severities of the firing alerts by objective, inhibited and silenced ones included."""
    found: dict[str, list[Severity]] = {}
    for alert in alerts:
        if alert["phase"] == "firing":
            found.setdefault(alert["objective"], []).append(Severity(alert["severity"]))
    return found


def gate_json(decision: RolloutDecision) -> dict[str, Any]:
    """The document of ``--json``, whose verdicts are in small letters."""
    shown = {"version": 1, **asdict(decision)}
    for one in (shown, *shown["rulings"]):
        one["verdict"] = one["verdict"].lower()
    return shown
