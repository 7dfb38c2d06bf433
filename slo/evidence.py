"""What objectives are judged by: tallies, and how much of the time they tell of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from slo.presence import Presence
from slo.series import Span
from slo.sli import Sli
from slo.tallies import Tally


@dataclass(frozen=True, slots=True)
class Evidence:
    """Tallies as they are at ``now_ns``; ``watermark_ns`` is the newest event time, None for none.

    Without ``presence`` nobody knows when the sources were heard of.
    """

    tallies: Mapping[Sli, Tally]
    now_ns: int
    watermark_ns: int | None
    presence: Presence | None = None

    @property
    def end_ns(self) -> int:
        """The end of what is known, which ends every window and every deadline."""
        return self.now_ns if self.watermark_ns is None else min(self.watermark_ns, self.now_ns)

    @property
    def age_seconds(self) -> float | None:
        """Age of the newest event; None when there is none."""
        return None if self.watermark_ns is None else (self.now_ns - self.watermark_ns) / 1e9

    def tally(self, sli: Sli) -> Tally:
        return self.tallies[sli]

    def coverage(self, span: Span, sources: Iterable[str]) -> float | None:
        """The share of a span's minutes in which the sources were heard of; None if unknown."""
        return None if self.presence is None else self.presence.coverage(span, sources)
