"""What evidence is made with."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from framegate.quality.gate.evidence.archive import Archive
from framegate.quality.gate.policy.suite import Suite


@dataclass(frozen=True, slots=True)
class Generator:
    """A service to be asked; ``at_once`` clips are made at the same time."""

    url: str
    at_once: int = 1


@dataclass(frozen=True, slots=True)
class EvidenceSettings:
    """What evidence is made with.

    ``out`` is the folder of the run; ``generator`` makes clips where a side is a model's name,
    otherwise the collector's scores are taken.
    """

    out: Path
    metrics: Sequence[str]
    workers: int
    suite: Suite
    own_suite: bool = False  # whether somebody named it
    generator: Generator | None = None
    collector: str | None = None
    references: Path | None = None

    @property
    def archive(self) -> Archive:
        return Archive(str(self.out / "evidence"))
