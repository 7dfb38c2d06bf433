"""The specifications of a running engine: read again when they change, the good ones kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from framegate.slo.objectives.objective import Objective, objectives_of
from framegate.slo.openslo.files import read_spec
from framegate.slo.openslo.kinds import Slo
from framegate.slo.openslo.library import Library, LocatedDocument
from framegate.telemetry.platform.errors import InputError

SUFFIXES = (".yaml", ".yml", ".json")

FileStamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Objectives by file, and what is wrong with files that are not as they should be.

    Of a file that was good once, the objectives it had then stay.
    """

    by_file: Mapping[Path, tuple[Objective, ...]] = field(default_factory=dict)
    faults: Mapping[Path, str] = field(default_factory=dict)

    @property
    def objectives(self) -> list[Objective]:
        """All of them; of two with one name, the first file's."""
        named: dict[str, Objective] = {}
        for path in sorted(self.by_file):
            for objective in self.by_file[path]:
                named.setdefault(objective.name, objective)
        return list(named.values())


def spec_files(paths: Sequence[Path]) -> list[Path]:
    """Files as they are; of folders, every file of objectives right in them."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        found += [one for one in inside if one == path or one.suffix in SUFFIXES]
    return found


def stamp_files(paths: Sequence[Path]) -> FileStamp:
    """Differs when a file was changed, came or went."""
    seen = []
    for path in spec_files(paths):
        try:
            state = path.stat()
        except OSError:
            continue
        seen.append((str(path), state.st_mtime_ns, state.st_size))
    return tuple(seen)


def read_catalogue(paths: Sequence[Path], before: Catalogue | None = None) -> Catalogue:
    """Read every file; one that is wrong spoils no other."""
    library, faults = Library(), {}
    known = spec_files(paths)
    for path in known:
        try:
            placed = list(read_spec(path))
            for one in placed:
                library.add(one)
        except InputError as error:
            faults[path] = str(error)
    by_file: dict[Path, tuple[Objective, ...]] = {}
    for path in known:
        try:
            if path not in faults:
                by_file[path] = tuple(objectives_in(path, library))
        except InputError as error:
            faults[path] = str(error)
    if before:
        kept = {path: before.by_file[path] for path in faults if path in before.by_file}
        by_file |= kept
    return Catalogue(by_file, faults)


def objectives_in(path: Path, library: Library) -> list[Objective]:
    """The objectives of a file's own SLOs; what they refer to may stand in any file."""
    return [
        objective
        for placed in list(library.documents.values())
        if isinstance(placed.document, Slo) and is_from_file(placed, path)
        for objective in objectives_of(
            library.resolve_slo(placed.document, placed.place), placed.place
        )
    ]


def is_from_file(placed: LocatedDocument, path: Path) -> bool:
    return placed.place.source == str(path)
