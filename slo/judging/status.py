"""The evidence for judging objectives, and the current status of every objective."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from framegate.slo.counting.arrivals import Presence
from framegate.slo.counting.prometheus_followers import FollowedIndicator
from framegate.slo.counting.prometheus_indicator import Indicator, PrometheusIndicator
from framegate.slo.counting.series import (
    Counts,
    Group,
    IndicatorTally,
    MinuteSpan,
    Series,
    trailing_span,
    window_span,
)
from framegate.slo.counting.sli import Sli
from framegate.slo.judging.alerts import judge_condition
from framegate.slo.judging.journal import StandingDecision
from framegate.slo.objectives.components import ObjectiveSeries
from framegate.slo.objectives.error_budget import (
    Share,
    budget_left,
    budget_units_left,
    burn_rate,
    is_met,
    success_ratio,
)
from framegate.slo.objectives.objective import Objective
from framegate.telemetry.platform.clock import SECOND_NS
from framegate.telemetry.platform.verdict import ExitCode

CorrectedSeriesKey = tuple[Indicator, Group, tuple[MinuteSpan, ...]]

STALE_SECONDS = 300.0  # older data say nothing about the present
MINIMUM_COVERAGE = (
    0.9  # below this share of minutes with data, a window without bad events proves nothing
)


@dataclass(frozen=True, slots=True)
class SloEvidence:
    """Tallies at ``now_ns``; ``watermark_ns`` is the newest event time, None in an empty store.

    ``followed`` holds the Prometheus indicators, each with its own watermark and coverage.
    ``presence`` says in which minutes each source sent data; without it, coverage is unknown.
    ``corrections`` exclude minutes of some objectives.
    """

    tallies: Mapping[Sli, IndicatorTally]
    now_ns: int
    watermark_ns: int | None
    presence: Presence | None = None
    corrections: tuple[StandingDecision, ...] = ()
    followed: Mapping[PrometheusIndicator, FollowedIndicator] = field(default_factory=dict)
    _objective_series: dict[tuple[str, Group], ObjectiveSeries] = field(
        default_factory=dict, init=False, compare=False
    )
    _corrected_series: dict[CorrectedSeriesKey, Series] = field(
        default_factory=dict, init=False, compare=False
    )

    @property
    def end_ns(self) -> int:
        """The newest time in our own store, at which deadlines are judged."""
        return self.now_ns if self.watermark_ns is None else min(self.watermark_ns, self.now_ns)

    def end_of(self, objective: Objective) -> int:
        """The time up to which all components have data, at which the windows end."""
        known = [one for one in self._watermarks(objective) if one is not None]
        return min([self.now_ns, *known])

    def has_data(self, objective: Objective) -> bool:
        """Whether every component has ever had data."""
        return None not in self._watermarks(objective)

    def is_stale(self, objective: Objective) -> bool:
        """Whether the newest data of any component are too old."""
        return any(
            one is None or self.now_ns - one > STALE_SECONDS * SECOND_NS
            for one in self._watermarks(objective)
        )

    def tally(self, sli: Indicator) -> IndicatorTally:
        return (
            self.followed[sli].tally if isinstance(sli, PrometheusIndicator) else self.tallies[sli]
        )

    def _watermarks(self, objective: Objective) -> list[int | None]:
        return [
            self.followed[sli].watermark_ns
            if isinstance(sli, PrometheusIndicator)
            else self.watermark_ns
            for sli in objective.slis
        ]

    def objective_series(self, objective: Objective, group: Group = ()) -> ObjectiveSeries:
        """The counts of an objective or of one of its groups, without corrected minutes."""
        key = (objective.name, group)
        if key not in self._objective_series:
            spans: tuple[MinuteSpan, ...] = ()
            if self.corrections:
                labels = objective.all_labels
                spans = tuple(one.minutes for one in self.corrections if one.matches(labels))
            series = tuple(self._series(part.sli, group, spans) for part in objective.parts)
            self._objective_series[key] = ObjectiveSeries(objective.parts, series, objective.target)
        return self._objective_series[key]

    def _series(self, sli: Indicator, group: Group, corrected: tuple[MinuteSpan, ...]) -> Series:
        tally = self.tally(sli)
        series = tally.groups[group] if group else tally.whole
        if not corrected:
            return series
        key = (sli, group, corrected)
        if key not in self._corrected_series:
            self._corrected_series[key] = series.without(corrected)
        return self._corrected_series[key]

    def coverage(self, span: MinuteSpan, objective: Objective) -> float | None:
        """The share of a span's minutes in which the sources sent data; None if unknown.

        For a composite, the share of the component with the least.
        """
        if self.presence is None:
            return None
        return min(
            presence.coverage(span, sources) for presence, sources in self._presences(objective)
        )

    def is_covered(self, span: MinuteSpan, objective: Objective) -> bool:
        """Whether enough of a span has data; minutes before the very first data are not a gap."""
        return all(
            presence.coverage(presence.trim_to_first_seen(span, sources), sources)
            >= MINIMUM_COVERAGE
            for presence, sources in self._presences(objective)
        )

    def _presences(self, objective: Objective) -> Iterator[tuple[Presence, tuple[str, ...]]]:
        for part in objective.parts:
            if isinstance(part.sli, PrometheusIndicator):
                yield self.followed[part.sli].presence, ()
            elif self.presence is not None:
                yield self.presence, part.sources


class SloState(StrEnum):
    """Whether the numbers of an objective can be trusted."""

    MEASURED = "measured"
    NO_TRAFFIC = "no traffic"
    GAP = "gap"  # nothing could be judged, or the sources sent no data
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class SloStatus:
    """One objective: counts and the numbers derived from them; None where there is no evidence.

    ``coverage`` is the share of the window's minutes in which its sources sent data.
    """

    name: str
    service: str
    labels: Mapping[str, str]
    target: Decimal
    threshold: Decimal | None
    window_seconds: int
    counts: Counts
    state: SloState
    coverage: float | None
    ratio: float | None
    met: bool | None
    budget_left: float | None
    budget_jobs_left: float | None
    budget_seconds_left: float | None
    burn_5m: float | None
    burn_1h: float | None
    burn_6h: float | None
    firing: tuple[str, ...]
    owner: str
    runbook: str


def statuses(objectives: Iterable[Objective], evidence: SloEvidence) -> tuple[SloStatus, ...]:
    """Judge every objective."""
    return tuple(status(objective, evidence) for objective in objectives)


def status(objective: Objective, evidence: SloEvidence) -> SloStatus:
    """The status of one objective; its windows end at the watermark, not at the wall clock."""
    measured = evidence.objective_series(objective)
    end_ns, target = evidence.end_of(objective), objective.target

    def over(seconds: int) -> Share:
        return measured.share(trailing_span(end_ns, seconds))

    span = window_span(objective.window, end_ns)
    counts, whole = measured.counts(span), measured.share(span)
    met, units_left = is_met(whole, target), budget_units_left(whole, target)
    slice_seconds = objective.slice_seconds
    return SloStatus(
        name=objective.name,
        service=objective.service,
        labels=objective.labels,
        target=target,
        threshold=objective.threshold,
        window_seconds=objective.window_seconds,
        counts=counts,
        state=state_of(
            counts,
            met,
            stale=evidence.is_stale(objective),
            known=evidence.is_covered(span, objective),
        ),
        coverage=evidence.coverage(span, objective),
        ratio=success_ratio(whole),
        met=met,
        budget_left=budget_left(whole, target),
        budget_jobs_left=None if slice_seconds or objective.is_composite else units_left,
        budget_seconds_left=(
            None if units_left is None or not slice_seconds else units_left * slice_seconds
        ),
        burn_5m=burn_rate(over(300), target),
        burn_1h=burn_rate(over(3600), target),
        burn_6h=burn_rate(over(6 * 3600), target),
        firing=tuple(
            rule.condition.name
            for rule in objective.burn_rules
            if judge_condition(rule.condition, measured, end_minute=span.last, known=True).holds
        ),
        owner=objective.owner,
        runbook=objective.runbook,
    )


def state_of(counts: Counts, met: bool | None, *, stale: bool, known: bool) -> SloState:
    """The state; ``met`` is None if nothing could be judged, for example in an unfinished slice.

    A window without jobs is NO_TRAFFIC only if its sources sent data. A composite of which one
    component has no jobs cannot be judged and is a GAP.
    """
    if met is None:
        return SloState.GAP if counts.unscored or counts.total or not known else SloState.NO_TRAFFIC
    return SloState.STALE if stale else SloState.MEASURED


def exit_code(statuses: Sequence[SloStatus], *, faults: bool = False) -> int:
    """0 if every objective with traffic is met, 1 if one is missed, 3 without enough data.

    ``faults``: some files of objectives are invalid. Stale data can still show that an objective
    was missed, but never that all are met.
    """
    with_traffic = [item for item in statuses if item.state is not SloState.NO_TRAFFIC]
    if any(item.met is False for item in with_traffic):
        return ExitCode.FAIL
    known = with_traffic and all(item.state is SloState.MEASURED for item in with_traffic)
    return ExitCode.PASS if known and not faults else ExitCode.INCONCLUSIVE


def status_json(item: SloStatus) -> dict[str, Any]:
    """A status as JSON; targets and thresholds are texts, because they are exact decimals."""
    threshold = None if item.threshold is None else str(item.threshold)
    return asdict(item) | {"target": str(item.target), "threshold": threshold}


def status_from(raw: Mapping[str, Any]) -> SloStatus:
    """A status from what ``status_json`` wrote."""
    threshold = raw["threshold"]
    return SloStatus(
        **{
            **raw,
            "target": Decimal(raw["target"]),
            "threshold": None if threshold is None else Decimal(threshold),
            "counts": Counts(**raw["counts"]),
            "state": SloState(raw["state"]),
            "firing": tuple(raw["firing"]),
        }
    )
