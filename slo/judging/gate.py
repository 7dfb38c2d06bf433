"""Whether a change may be rolled out: the policy over every objective's budget and alerts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from framegate.slo.judging.change_request import Change
from framegate.slo.judging.decisions import Standing, covering
from framegate.slo.judging.policy import Policy, Ruling, Verdict, overall, ruling
from framegate.slo.judging.status import SloStatus, State
from framegate.slo.objectives.conditions import Severity
from framegate.telemetry.platform.errors import InputError


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict, and what it rests on."""

    verdict: Verdict
    change: Change
    rulings: tuple[Ruling, ...]


def decide(
    policy: Policy,
    statuses: Sequence[SloStatus],
    firing: Mapping[str, Sequence[Severity]],
    bypasses: Sequence[Standing],
    *,
    change: Change,
    now_ns: int,
    faults: Mapping[str, str] | None = None,
) -> Decision:
    """``faults`` are files of objectives that are wrong: nobody knows what they ask for.

    ``firing`` has the severities of each objective's alerts that fire.

    A bypass turns what is not a pass into one, and is named; objectives without traffic say
    nothing, unless they are all there is.
    """
    found = [ruling(policy, one, firing.get(one.name, ()), change) for one in statuses]
    shown = [
        bypassed(one, status, bypasses, change=change, now_ns=now_ns)
        for one, status in zip(found, statuses, strict=True)
    ]
    quiet = [
        status.name
        for status, one in zip(statuses, shown, strict=True)
        if status.state is State.NO_TRAFFIC and one.verdict is Verdict.INCONCLUSIVE
    ]
    shown += [Ruling(path, Verdict.INCONCLUSIVE, fault) for path, fault in (faults or {}).items()]
    return Decision(overall(shown, quiet), change, tuple(shown))


def bypassed(
    one: Ruling,
    status: SloStatus,
    bypasses: Sequence[Standing],
    *,
    change: Change,
    now_ns: int,
) -> Ruling:
    if one.verdict is Verdict.PASS:
        return one
    labels = {**status.labels, "slo": status.name, "service": status.service, "owner": status.owner}
    meant = [bypass for bypass in bypasses if change in bypass.changes]
    found = covering(meant, labels, now_ns=now_ns)
    return replace(one, verdict=Verdict.PASS, bypass=str(found)) if found else one


def chosen(statuses: Sequence[SloStatus], names: Sequence[str]) -> list[SloStatus]:
    """Those named, or all; a name that there is not raises InputError."""
    known = {status.name: status for status in statuses}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(f"there is no objective {unknown[0]!r}; there are: {', '.join(known)}")
    return [known[name] for name in names] if names else list(statuses)


def severities(alerts: Sequence[Mapping[str, Any]]) -> dict[str, list[Severity]]:
    """By objective, of what fires; inhibited or silenced, it burns all the same."""
    found: dict[str, list[Severity]] = {}
    for alert in alerts:
        if alert["phase"] == "firing":
            found.setdefault(alert["objective"], []).append(Severity(alert["severity"]))
    return found


def gate_json(decision: Decision) -> dict[str, Any]:
    return {"version": 1, **asdict(decision)}
