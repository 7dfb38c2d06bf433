"""What the SLO engine knew after one evaluation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from framegate.slo.judging.alerts import Alert
from framegate.slo.judging.status import SloStatus
from framegate.slo.objectives.objective import Objective


@dataclass(frozen=True, slots=True)
class SloSnapshot:
    """The result of one evaluation."""

    objectives: tuple[Objective, ...]
    statuses: tuple[SloStatus, ...]
    alerts: tuple[Alert, ...]
    faults: Mapping[Path, str]
    looked_ns: int
    watermark_ns: int | None
    trouble: str | None = None
    unread: Mapping[str, str] = field(default_factory=dict)  # servers without answer: error by URL
