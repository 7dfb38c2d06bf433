"""Replay days minute by minute and compare the alerts with known incidents."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from framegate.slo.counting.series import FloatArray, IntArray, MinuteSpan, window_span
from framegate.slo.judging.alerts import AlertPhase, AlertState, judge_condition, next_state
from framegate.slo.objectives.alert_rules import Condition, Severity
from framegate.slo.objectives.components import ObjectiveSeries
from framegate.slo.objectives.error_budget import budget_left
from framegate.slo.objectives.objective import Objective
from framegate.telemetry.platform.clock import MINUTE_NS

FILTER_TOLERANCE = 1e-3  # conditions this close to the threshold are judged exactly
GRACE_MINUTES = 5  # an alert this soon after an incident's end still belongs to it


@dataclass(frozen=True, slots=True)
class Incident:
    """A time in which an alert should fire; minutes since 1970, without the last."""

    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Episode:
    """One period of firing: from its first minute to before ``last``; None if it still fires."""

    condition: str
    severity: Severity
    first: int
    last: int | None


@dataclass(frozen=True, slots=True)
class SeverityScore:
    """How the alerts of one severity match the known incidents.

    ``precision`` is the share of alerts that belong to an incident, ``recall`` the share of
    incidents that had an alert; both 0 to 1. Without a known incident both are None: nobody said
    what happened, which is not the same as "nothing happened". ``delay_minutes`` is the median from
    an incident's start to its first alert.
    """

    severity: Severity
    calls: int
    true_calls: int
    incidents: int
    found: int
    precision: float | None
    recall: float | None
    delay_minutes: float | None


@dataclass(frozen=True, slots=True)
class Backtest:
    objective: str
    jobs: int
    budget_left: float | None
    scores: tuple[SeverityScore, ...]
    episodes: tuple[Episode, ...]


def backtest(
    objective: Objective,
    measured: ObjectiveSeries,
    incidents: Sequence[Incident],
    *,
    span: MinuteSpan,
) -> Backtest:
    """Replay a span as it is known now, with all late data included."""
    episodes = sorted(replay(objective, measured, span), key=lambda one: (one.first, one.condition))
    window = window_span(objective.window, (span.last - 1) * MINUTE_NS)
    return Backtest(
        objective.name,
        measured.counts(span).total,
        budget_left(measured.share(window), objective.target),
        tuple(score_severity(severity, episodes, incidents) for severity in Severity),
        tuple(episodes),
    )


def replay(objective: Objective, measured: ObjectiveSeries, span: MinuteSpan) -> Iterator[Episode]:
    """Every period in which one of the objective's conditions fires."""
    for rule in objective.burn_rules:
        condition, state = rule.condition, AlertState()
        fired: int | None = None
        minutes = MinutesToJudge.of(condition, measured, span)
        minute = span.first
        while (minute := minutes.next_after(minute, state.phase)) < span.last:
            found = judge_condition(condition, measured, end_minute=minute + 1, known=True)
            now_ns = (minute + 1) * MINUTE_NS
            state = next_state(
                state, found.holds, now_ns=now_ns, after_minutes=condition.after_minutes
            )
            if state.phase is AlertPhase.FIRING and fired is None:
                fired = minute
            elif state.phase is not AlertPhase.FIRING and fired is not None:
                yield Episode(condition.name, condition.severity, fired, minute)
                fired = None
            minute += 1
        if fired is not None:
            yield Episode(condition.name, condition.severity, fired, None)


@dataclass(frozen=True, slots=True)
class MinutesToJudge:
    """The minutes after which a condition has to be judged exactly; no other changes an alert.

    ``may_start``: those after which it may hold. ``may_end``: those after which it may not hold.
    """

    may_start: IntArray
    may_end: IntArray
    last: int

    @classmethod
    def of(
        cls, condition: Condition, measured: ObjectiveSeries, span: MinuteSpan
    ) -> "MinutesToJudge":
        rates, factor = lowest_burn_rates(condition, measured, span), float(condition.factor)
        return cls(
            np.flatnonzero(rates >= factor * (1 - FILTER_TOLERANCE)) + span.first,
            np.flatnonzero(rates <= factor * (1 + FILTER_TOLERANCE)) + span.first,
            span.last,
        )

    def next_after(self, minute: int, phase: AlertPhase) -> int:
        """The next minute to judge, from this one on; ``last`` if there is none."""
        if phase is AlertPhase.PENDING:  # it fires after a number of minutes
            return minute
        minutes = self.may_end if phase is AlertPhase.FIRING else self.may_start
        place = int(np.searchsorted(minutes, minute))
        return int(minutes[place]) if place < len(minutes) else self.last


def lowest_burn_rates(
    condition: Condition, measured: ObjectiveSeries, span: MinuteSpan
) -> FloatArray:
    """The lower burn rate of a condition's windows after each minute of a span, in floats.

    For time-slice budgets it is the condition's factor in every minute of a span that has any bad
    slice, so that each is judged exactly.
    """
    lengths = [condition.long_minutes, condition.short_minutes or condition.long_minutes]
    flows = measured.flows(MinuteSpan(span.first - max(lengths), span.last))
    if any(flow.minutes > 1 for flow in flows):
        any_bad = any(flow.amounts[:, 0].any() for flow in flows)
        return np.full(span.minutes, float(condition.factor) if any_bad else 0.0)
    found = np.full(span.minutes, np.inf)
    for length in lengths:
        burn = np.zeros(span.minutes)
        for flow in flows:
            sums = np.vstack([np.zeros(2), np.cumsum(flow.amounts, axis=0)])
            ends = sums[-span.minutes :]
            bad, total = (ends - sums[len(sums) - span.minutes - length : -length]).T
            burn += flow.burn * np.divide(bad, total, out=np.zeros_like(bad), where=total > 0)
        found = np.minimum(found, burn)
    return found


def call_minutes(severity: Severity, episodes: Sequence[Episode]) -> list[int]:
    """The minutes in which a new alert is sent; overlapping episodes are one alert."""
    found: list[int] = []
    until = -1
    for episode in episodes:
        if episode.severity is severity:
            if episode.first > until:
                found.append(episode.first)
            end = episode.last if episode.last is not None else 2**62
            until = max(until, end)
    return found


def score_severity(
    severity: Severity, episodes: Sequence[Episode], incidents: Sequence[Incident]
) -> SeverityScore:
    called = call_minutes(severity, episodes)
    first_calls = {
        incident.name: [one for one in called if is_true_call(one, incident)]
        for incident in incidents
    }
    # An alert that fired before an incident and continues into it has detected it too.
    going_on = {
        incident.name
        for incident in incidents
        for episode in episodes
        if episode.severity is severity
        and episode.first < incident.first
        and (episode.last is None or episode.last > incident.first)
    }
    found = {name for name, ones in first_calls.items() if ones} | going_on
    true = {one for ones in first_calls.values() for one in ones}
    delays = [
        min(first_calls[incident.name]) + 1 - incident.first
        for incident in incidents
        if first_calls[incident.name]
    ]
    return SeverityScore(
        severity,
        len(called),
        len(true),
        len(incidents),
        len(found),
        len(true) / len(called) if called and incidents else None,
        len(found) / len(incidents) if incidents else None,
        float(median(delays)) if delays else None,
    )


def is_true_call(minute: int, incident: Incident) -> bool:
    return incident.first <= minute < incident.last + GRACE_MINUTES
