"""How evidence is made and where it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from framegate.quality.gate.evidence.archive import Archive
from framegate.quality.gate.evidence.name_pattern import NamePattern
from framegate.quality.gate.policy.suite import Suite, load_suite


@dataclass(frozen=True, slots=True)
class Generator:
    """The service that makes clips, ``concurrency`` of them at a time."""

    url: str
    concurrency: int = 1


@dataclass(frozen=True, slots=True)
class EvidenceSettings:
    """How evidence is made.

    A side that is a model's name is made by ``generator``; without one, its scores are read from
    ``collector``. ``out`` is the folder of the run, ``own_suite`` the suite that the caller named.
    ``manifest`` and ``names`` say which prompts a folder's clips are of: one pattern for all sides,
    or one for each.
    """

    out: Path
    metrics: Sequence[str]
    workers: int
    own_suite: Suite | None = None
    generator: Generator | None = None
    collector: str | None = None
    references: Path | None = None
    manifest: Path | None = None
    names: tuple[NamePattern, ...] = ()

    @property
    def suite(self) -> Suite:
        """The caller's suite, or else the default one."""
        return self.own_suite or load_suite()

    @property
    def archive(self) -> Archive:
        return Archive(str(self.out / "evidence"))
