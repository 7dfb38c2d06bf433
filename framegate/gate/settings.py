"""How evidence is made and where it is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from framegate.quality.gate.evidence.archive import Archive
from framegate.quality.gate.evidence.name_pattern import NamePattern
from framegate.quality.gate.policy.suite import Suite, load_suite
from framegate.telemetry.platform.errors import InputError

# Of a request, in the order they are sent: those of OpenAI's videos API, then framegate's own.
FIELDS = ("model", "prompt", "seconds", "size", "seed", "fps", "workload")
CLIP_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Generator:
    """The service that makes clips, ``concurrency`` of them at a time.

    ``headers`` go with every request to it, ``fields`` are those of a request that it takes, and
    ``clip_seconds`` is how long one clip may take.
    """

    url: str
    concurrency: int = 1
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    fields: tuple[str, ...] = FIELDS
    clip_seconds: float = CLIP_SECONDS

    def sends(self, *names: str) -> bool:
        return all(name in self.fields for name in names)

    def require_fields(self, models: Sequence[str], suite: Suite) -> None:
        """Raise InputError where the suite or the sides differ in a field that is not sent."""
        if not self.sends("model") and len(set(models)) > 1:
            raise InputError(f"--fields has no 'model', so {' and '.join(models)} are one model")
        if not self.sends("seed") and len(suite.clips) > suite.prompts:
            raise InputError(
                f"suite {suite.name}: a prompt has several seeds, and --fields has no 'seed'; "
                "give each prompt one seed"
            )


def request_fields(text: str) -> tuple[str, ...]:
    """The fields of ``--fields``, separated by commas; all of them for an empty text."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in FIELDS:
            raise InputError(f"--fields: {name!r} is unknown; known are {', '.join(FIELDS)}")
    if names and "prompt" not in names:
        raise InputError("--fields: 'prompt' is missing")
    return tuple(name for name in FIELDS if name in names) or FIELDS


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
