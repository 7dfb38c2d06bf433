"""The objectives of a running engine, reloaded when their files change.

A file that became invalid keeps its last valid objectives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from framegate.slo.objectives.objective import Objective, objectives_of
from framegate.slo.openslo.kinds import Slo
from framegate.slo.openslo.library import Library, LocatedDocument, read_spec
from framegate.telemetry.platform.errors import InputError

SUFFIXES = (".yaml", ".yml", ".json")

FileStamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Objectives by file, and the errors of invalid files.

    An invalid file that was valid before keeps the objectives it had then.
    """

    by_file: Mapping[Path, tuple[Objective, ...]] = field(default_factory=dict)
    faults: Mapping[Path, str] = field(default_factory=dict)

    @property
    def objectives(self) -> list[Objective]:
        """All objectives; if two files define the same name, the first file wins."""
        named: dict[str, Objective] = {}
        for path in sorted(self.by_file):
            for objective in self.by_file[path]:
                named.setdefault(objective.name, objective)
        return list(named.values())


def spec_files(paths: Sequence[Path]) -> list[Path]:
    """The given files, and the files of objectives directly inside the given folders."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        found += [one for one in inside if one == path or one.suffix in SUFFIXES]
    return found


def stamp_files(paths: Sequence[Path]) -> FileStamp:
    """A value that changes when a file is changed, added or removed."""
    seen = []
    for path in spec_files(paths):
        try:
            state = path.stat()
        except OSError:
            continue
        seen.append((str(path), state.st_mtime_ns, state.st_size))
    return tuple(seen)


def read_catalogue(paths: Sequence[Path], before: Catalogue | None = None) -> Catalogue:
    """Read every file; an invalid one does not affect the others."""
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
    """The objectives of the SLOs in one file; their references may be in any file."""
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
