"""Indicators over series of a Prometheus or a compatible store."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from framegate.slo.counting.sli import MILLIONTHS, Sli
from framegate.slo.openslo.kinds import ComparisonOperator
from framegate.slo.openslo.promql import fill_window

THOUSANDTHS = 1_000


class SampleKind(StrEnum):
    """What the samples of a query mean."""

    COUNTERS = "counters"  # series that only increase, or restart at 0
    AMOUNTS = "amounts"  # events in each slot
    READINGS = "readings"  # numbers that are compared with a threshold
    RATIOS = "ratios"  # good ratios, or bad ratios


@dataclass(frozen=True, slots=True)
class PrometheusServer:
    """The URL of a server, and the environment variable with its bearer token."""

    url: str
    token_env: str | None = None


@dataclass(frozen=True, slots=True)
class PrometheusIndicator:
    """One indicator; ``part`` is the good part of ``total``, or the bad part with ``of_bad``.

    Each answer covers a slot of ``minutes``. Readings are good if the comparison with ``op`` and
    ``value`` holds. For ratios, ``total`` is the ratio itself. Amounts are multiplied by ``scale``.
    """

    server: PrometheusServer
    sample_kind: SampleKind
    total: str
    part: str | None = None
    of_bad: bool = False
    op: ComparisonOperator | None = None
    value: Decimal | None = None
    minutes: int = 1
    scale: int = 1
    groups: tuple[str, ...] = ()

    @property
    def units_per_event(self) -> int:
        """Units that one event counts as, so that fractions of events are integers too."""
        if self.sample_kind is SampleKind.READINGS:
            return 1
        return MILLIONTHS if self.sample_kind is SampleKind.RATIOS else THOUSANDTHS

    @property
    def noun(self) -> str:
        """The word for what is counted."""
        return (
            "events"
            if self.sample_kind in (SampleKind.COUNTERS, SampleKind.AMOUNTS)
            else "readings"
        )

    def total_query(self) -> str:
        return fill_window(self.total, f"{self.minutes}m")

    def part_query(self) -> str | None:
        return None if self.part is None else fill_window(self.part, f"{self.minutes}m")


Indicator = Sli | PrometheusIndicator
