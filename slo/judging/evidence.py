"""The evidence for judging objectives: tallies, and which minutes they cover."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from framegate.slo.counting.presence import Presence
from framegate.slo.counting.prometheus_followers import FollowedIndicator
from framegate.slo.counting.prometheus_indicator import Indicator, PrometheusIndicator
from framegate.slo.counting.series import MinuteSpan, Series
from framegate.slo.counting.sli import Sli
from framegate.slo.counting.tallies import Group, IndicatorTally
from framegate.slo.judging.decisions import StandingDecision
from framegate.slo.objectives.components import ObjectiveSeries
from framegate.slo.objectives.objective import Objective
from framegate.telemetry.platform.clock import SECOND_NS

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
