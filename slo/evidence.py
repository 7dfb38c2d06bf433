"""What objectives are judged by: tallies, and how much of the time they tell of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from slo.components import Measured
from slo.decisions import Standing
from slo.presence import Presence
from slo.series import Series, Span
from slo.sli import Sli
from slo.spec import Objective
from slo.tallies import Group, Tally

Corrected = tuple[Sli, Group, tuple[Span, ...]]

COVERAGE = 0.9  # the share of a window's minutes that must be known for its silence to be quiet


@dataclass(frozen=True, slots=True)
class Evidence:
    """Tallies as they are at ``now_ns``; ``watermark_ns`` is the newest event time, None for none.

    Without ``presence`` nobody knows when the sources were heard of.
    ``corrections`` say which minutes of which objectives count for nothing.
    """

    tallies: Mapping[Sli, Tally]
    now_ns: int
    watermark_ns: int | None
    presence: Presence | None = None
    corrections: tuple[Standing, ...] = ()
    _corrected: dict[Corrected, Series] = field(default_factory=dict, compare=False)

    @property
    def end_ns(self) -> int:
        """The end of what is known, which ends every window and every deadline."""
        return self.now_ns if self.watermark_ns is None else min(self.watermark_ns, self.now_ns)

    @property
    def age_seconds(self) -> float | None:
        """Age of the newest event; None when there is none."""
        return None if self.watermark_ns is None else (self.now_ns - self.watermark_ns) / 1e9

    def measured(self, objective: Objective, group: Group = ()) -> Measured:
        """What counts of an objective's jobs, or of one group's."""
        labels = objective.all_labels
        spans = tuple(one.minutes for one in self.corrections if one.matches(labels))
        series = tuple(self._series(part.sli, group, spans) for part in objective.parts)
        return Measured(objective.parts, series, objective.target)

    def _series(self, sli: Sli, group: Group, corrected: tuple[Span, ...]) -> Series:
        tally = self.tallies[sli]
        series = tally.groups[group] if group else tally.whole
        if not corrected:
            return series
        key = (sli, group, corrected)
        if key not in self._corrected:
            self._corrected[key] = series.without(corrected)
        return self._corrected[key]

    def coverage(self, span: Span, objective: Objective) -> float | None:
        """The share of a span's minutes in which its sources were heard of; None if unknown.

        Of a composite's parts, the one that was heard of least.
        """
        if self.presence is None:
            return None
        return min(self.presence.coverage(span, part.sources) for part in objective.parts)

    def known(self, span: Span, objective: Objective) -> bool:
        """Whether enough of a span was heard; what was before anything ever was is no gap."""
        return all(self._heard(span, part.sources) for part in objective.parts)

    def _heard(self, span: Span, sources: tuple[str, ...]) -> bool:
        if self.presence is None:
            return True
        since = self.presence.since_first(span, sources)
        return self.presence.coverage(since, sources) >= COVERAGE
