"""Every objective's alerts, one step further."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from framegate.slo.alerting.wording import summary
from framegate.slo.counting.counts import MINUTE_NS
from framegate.slo.counting.series import Span
from framegate.slo.counting.tallies import Group
from framegate.slo.judging.alerts import Alert, AlertKey, AlertState, Phase, step
from framegate.slo.judging.condition_result import Judgement, judge
from framegate.slo.judging.decisions import Standing, covering
from framegate.slo.judging.evidence import Evidence
from framegate.slo.judging.status import SloStatus, State
from framegate.slo.objectives.alert_rules import (
    NO_DATA,
    NO_DATA_MINUTES,
    Rule,
    severity_without_data,
)
from framegate.slo.objectives.conditions import Condition, Severity
from framegate.slo.objectives.objective import Objective

ALERT_NAME = "ErrorBudgetBurn"
RESOLVED_SHOWN_NS = 15 * MINUTE_NS


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One condition of one objective, and what became of it."""

    objective: Objective
    key: AlertKey
    severity: Severity
    targets: tuple[str, ...]
    state: AlertState
    judgement: Judgement | None = None
    condition: Condition | None = None


Words = Callable[[Evaluated], tuple[str, str]]  # summary, description


def evaluated(
    objectives: Iterable[Objective],
    evidence: Evidence,
    statuses: Mapping[str, SloStatus],
    states: Mapping[AlertKey, AlertState],
) -> Iterator[Evaluated]:
    """All alerts after this look; times are those of the data, not of the wall clock."""
    for objective in objectives:
        of_groups = evidence.tally(objective.slis[0]).groups if objective.by_group else {}
        for group in [(), *of_groups]:
            for rule in objective.rules:
                if rule.on_burn:
                    yield of_rule(objective, rule, group, evidence, states)
        severity = severity_without_data(objective.rules)
        if severity:
            yield without_data(objective, severity, evidence, statuses[objective.name], states)


def of_rule(
    objective: Objective,
    rule: Rule,
    group: Group,
    evidence: Evidence,
    states: Mapping[AlertKey, AlertState],
) -> Evaluated:
    condition = rule.condition
    end_ns = evidence.end_of(objective)
    end_minute = end_ns // MINUTE_NS + 1
    found = judge(
        condition,
        evidence.measured(objective, group),
        end_minute=end_minute,
        known=evidence.known(Span(end_minute - condition.long_minutes, end_minute), objective),
    )
    if evidence.is_stale(objective):
        found = replace(found, holds=None, why="the newest data are old")
    key = AlertKey(objective.name, condition.name, group)
    state = step(
        states.get(key, AlertState()),
        found.holds,
        now_ns=end_ns,
        after_minutes=condition.after_minutes,
    )
    return Evaluated(objective, key, condition.severity, rule.targets, state, found, condition)


def without_data(
    objective: Objective,
    severity: Severity,
    evidence: Evidence,
    status: SloStatus,
    states: Mapping[AlertKey, AlertState],
) -> Evaluated:
    """The alert that nothing is known; its times are the wall clock's, for data have none."""
    key = AlertKey(objective.name, NO_DATA)
    state = step(
        states.get(key, AlertState()),
        status.state in (State.GAP, State.STALE),
        now_ns=evidence.now_ns,
        after_minutes=NO_DATA_MINUTES,
    )
    targets = {one for rule in objective.rules if rule.on_no_data for one in rule.targets}
    return Evaluated(objective, key, severity, tuple(sorted(targets)), state)


def alerts(
    looks: Sequence[Evaluated], silences: Sequence[Standing], words: Words, *, now_ns: int
) -> list[Alert]:
    """Those that fire or have just been resolved, with their words; the most urgent first."""
    urgent = sorted(looks, key=urgency)
    found = [
        alert(look, words, inhibited_by=inhibitor(look, urgent))
        for look in urgent
        if shown(look.state, now_ns)
    ]
    return [replace(one, silenced_by=silenced_by(silences, one, now_ns)) for one in found]


def alert(look: Evaluated, words: Words, *, inhibited_by: str | None) -> Alert:
    """With all words only where somebody is told; they take a reading of the window's rows."""
    if inhibited_by and look.condition and look.judgement:
        said = summary(look.objective, look.condition, look.judgement, group=look.key.group), ""
    else:
        said = words(look)
    return Alert(
        look.key,
        look.state,
        look.severity,
        labels_of(look),
        *said,
        runbook=look.objective.runbook,
        targets=look.targets,
        inhibited_by=inhibited_by,
    )


def silenced_by(silences: Sequence[Standing], alert: Alert, now_ns: int) -> str | None:
    """The first silence that covers an alert: who and why."""
    found = covering(silences, alert.labels, now_ns=now_ns)
    return str(found) if found else None


def shown(state: AlertState, now_ns: int) -> bool:
    if state.phase is Phase.RESOLVED:
        assert state.resolved_ns is not None
        return state.told_ns is not None or now_ns - state.resolved_ns < RESOLVED_SHOWN_NS
    return state.phase is Phase.FIRING


def inhibitor(look: Evaluated, urgent: Sequence[Evaluated]) -> str | None:
    """What fires of the same objective and is more urgent; all of its jobs before a group's."""
    if look.state.phase is not Phase.FIRING:
        return None
    for other in urgent:
        if other.key == look.key:
            return None
        same = other.key.objective == look.key.objective
        if same and other.state.phase is Phase.FIRING and other.key.group in ((), look.key.group):
            return other.key.condition
    return None


def urgency(look: Evaluated) -> tuple[object, ...]:
    factor = look.condition.factor if look.condition else 0
    return (
        look.severity is not Severity.PAGE,
        look.key.objective,
        look.key.group != (),
        look.key.group,
        -factor,
        look.key.condition,
    )


def labels_of(look: Evaluated) -> dict[str, str]:
    groups = dict(zip(look.objective.groups, look.key.group, strict=False))
    return {
        **groups,
        **look.objective.all_labels,
        "alertname": "NoData" if look.key.condition == NO_DATA else ALERT_NAME,
        "severity": look.severity.value,
        "condition": look.key.condition,
    }
