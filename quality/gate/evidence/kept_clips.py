"""The files of a side's clips, if they are still available."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from framegate.quality.gate.evidence.archive import Archive, split_reference
from framegate.quality.gate.evidence.evidence import Clip, Evidence
from framegate.telemetry.platform.errors import InputError

ENDINGS = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".y4m"})
LARGEST_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ClipFiles:
    """A clip and its files; a clip that was not delivered has no ``path``."""

    clip: Clip
    path: Path | None
    reference: Path | None = None


class ClipSource:
    """One side's clips: from its archive, or from the folder that was scored.

    ``archive`` is that of the run, which keeps the per-frame values of a folder's clips.
    """

    def __init__(
        self,
        evidence: Evidence,
        *,
        most_bytes: int = LARGEST_BYTES,
        archive: Archive | None = None,
    ) -> None:
        self._most_bytes = most_bytes
        self._source = evidence.source
        self._is_record = evidence.id is not None
        self._archive = archive
        self._files: Mapping[str, Path] = {}
        if evidence.id:
            with suppress(InputError):
                self._archive = Archive(split_reference(evidence.source)[0])
        elif Path(evidence.source).is_dir():
            self._files = videos_in(Path(evidence.source))

    def read(self, clip: Clip, name: str) -> bytes | None:
        """``clip``, ``reference`` or ``frames``; None if it is missing, changed or too large."""
        blob = clip.blobs.get(name)
        if blob and self._archive and blob.size_bytes <= self._most_bytes:
            with suppress(InputError, OSError):
                return self._archive.fetch(blob)
        path = self._files.get(clip.file or "") if name == "clip" else None
        if path and path.stat().st_size <= self._most_bytes:
            with suppress(OSError):
                return path.read_bytes()
        return None

    def explain_absence(self, clip: Clip) -> str:
        """Why there is no clip to read."""
        if self._is_record and "clip" not in clip.blobs:
            return f"{self._source} keeps no clips"
        if self._is_record:
            return f"its clip is not in {self._source} any more, or is changed or too large"
        if clip.file and not Path(self._source).is_dir():
            return f"the folder {self._source} is not there any more"
        if clip.file:
            return f"{clip.file} is not in {self._source} any more, or is too large"
        return f"its clip is not known to {self._source}"


def videos_in(folder: Path) -> Mapping[str, Path]:
    """Every video below a folder by its path; raises InputError for what is not a folder."""
    if not folder.is_dir():
        raise InputError(f"{folder}: is not a folder")
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in ENDINGS and path.is_file()
    }


def clips_in(folder: Path) -> Mapping[str, Path]:
    """Every video below a folder by its path without suffix; raises InputError for two alike."""
    found: dict[str, Path] = {}
    for path in videos_in(folder).values():
        key = path.relative_to(folder).with_suffix("").as_posix()
        if key in found:
            raise InputError(f"{folder}: {found[key].name} and {path.name} have the same key")
        found[key] = path
    return found
