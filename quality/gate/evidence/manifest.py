"""A manifest: which prompt and seed each clip of a folder is of, as CSV, JSON or YAML."""

import csv
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, TypeAdapter, field_validator

from framegate.quality.gate.policy.suite import Seed, Weight, Word
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import (
    FilePlace,
    StrictModel,
    faults_at,
    json_lines,
    parse_documents,
    parse_model,
    read_json_file,
    read_text,
    suggest_name,
)

MANIFEST_NAMES = ("manifest.csv", "manifest.json", "manifest.yaml", "manifest.yml")
COLUMNS = ("file", "prompt", "seed", "category", "weight")
REQUIRED = ("file", "prompt")
MAX_ROWS = 100_000
BYTE_ORDER_MARK = "\ufeff"  # which spreadsheets write
OTHER_SEPARATORS = (";", "\t")

PromptText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)
]


class ManifestRow(StrictModel):
    """One clip; without a seed it is its prompt's only one."""

    file: str
    prompt: PromptText
    seed: Seed | None = None
    category: Word | None = None
    weight: Weight | None = None

    @field_validator("file")
    @classmethod
    def check_file(cls, text: str) -> str:
        path = PurePosixPath(text)
        if path.is_absolute() or ".." in path.parts or not path.name or "\0" in text:
            raise ValueError("should be a path below the folder, without '..'")
        return path.as_posix()


class ManifestFile(StrictModel):
    """The content of a JSON or YAML manifest."""

    version: Literal[1]
    clips: Annotated[tuple[ManifestRow, ...], Field(min_length=1, max_length=MAX_ROWS)]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The clips of a folder; ``places`` says for each where it is written."""

    source: str
    rows: tuple[ManifestRow, ...]
    places: tuple[str, ...]

    def check(self) -> "Manifest":
        """Raises InputError for a clip that is there twice, and a prompt with two categories."""
        self._check_once("file", [row.file for row in self.rows])
        self._check_once("prompt and seed", [(row.prompt, row.seed) for row in self.rows])
        for name in ("category", "weight"):
            self._check_equal(name)
        return self

    def _check_once(self, what: str, keys: Sequence[Hashable]) -> None:
        seen: dict[Hashable, str] = {}
        for key, place in zip(keys, self.places, strict=True):
            if key in seen:
                shown = key if isinstance(key, str) else as_text(key)
                raise InputError(f"{place}: {what}: {shown} is at {seen[key]} already")
            seen[key] = place

    def _check_equal(self, name: str) -> None:
        """A prompt is one unit, so its clips have one category and one weight."""
        first: dict[str, tuple[object, str]] = {}
        for row, place in zip(self.rows, self.places, strict=True):
            value = getattr(row, name)
            before, where = first.setdefault(row.prompt, (value, place))
            if value != before:
                said = f"{value!r}, and {before!r} at {where} for another clip of this prompt"
                raise InputError(f"{place}: {name}: {said}: {row.prompt!r}")


def as_text(key: object) -> str:
    prompt, seed = key if isinstance(key, tuple) else (key, None)
    return f"{prompt!r} without a seed" if seed is None else f"{prompt!r} with seed {seed}"


def find_manifest(folder: Path) -> Path | None:
    """The manifest at the top of a folder; raises InputError where there are two."""
    found = [folder / name for name in MANIFEST_NAMES if (folder / name).is_file()]
    if len(found) > 1:
        raise InputError(f"{folder}: has {' and '.join(path.name for path in found)}; keep one")
    return found[0] if found else None


def read_manifest(path: Path) -> Manifest:
    """Raises InputError naming file, line and value."""
    readers = {".csv": read_csv, ".json": read_json, ".yaml": read_yaml, ".yml": read_yaml}
    if path.suffix.lower() not in readers:
        raise InputError(f"{path}: a manifest is a .csv, .json or .yaml file")
    found = list(readers[path.suffix.lower()](path))
    if not 0 < len(found) <= MAX_ROWS:
        raise InputError(f"{path}: names {len(found)} clips; a manifest names 1 to {MAX_ROWS}")
    places = tuple(f"{path}:{line}" for line, _ in found)
    return Manifest(str(path), tuple(row for _, row in found), places).check()


def read_json(path: Path) -> Iterable[tuple[int, ManifestRow]]:
    written = read_json_file(path, TypeAdapter(ManifestFile))
    return numbered_rows(written, json_lines(read_text(path)))


def read_yaml(path: Path) -> Iterable[tuple[int, ManifestRow]]:
    text = read_text(path)
    written = parse_model(text, ManifestFile, source=str(path))
    return numbered_rows(written, parse_documents(text, str(path))[0].lines)


def numbered_rows(
    written: ManifestFile, lines: Mapping[str, int]
) -> Iterator[tuple[int, ManifestRow]]:
    for number, row in enumerate(written.clips):
        yield lines.get(f"clips.{number}", 1), row


def read_csv(path: Path) -> Iterator[tuple[int, ManifestRow]]:
    """Rows with their lines; an empty cell is not given."""
    text = read_text(path).removeprefix(BYTE_ORDER_MARK)
    lines = csv_lines(text, str(path))
    place, header = next(lines, (1, []))
    check_header(header, f"{path}:{place}")
    for line, cells in lines:
        if len(cells) != len(header):
            raise InputError(f"{path}:{line}: has {len(cells)} cells, the header {len(header)}")
        given = {name: cell for name, cell in zip(header, cells, strict=True) if cell}
        place_of_row = FilePlace(str(path), dict.fromkeys(("", *COLUMNS), line))
        with faults_at(place_of_row, ManifestRow):
            yield line, ManifestRow.model_validate(given)


def csv_lines(text: str, source: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each record that is not empty, and the line where it begins."""
    reader = csv.reader(StringIO(text, newline=""), strict=True, skipinitialspace=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, [cell.strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{source}:{line}: {error}") from error


def check_header(header: Sequence[str], place: str) -> None:
    for name in header:
        if name not in COLUMNS:
            hint = suggest_name(name, COLUMNS)
            if any(separator in name for separator in OTHER_SEPARATORS):
                hint = "; columns are separated by commas"
            raise InputError(f"{place}: unknown column {name!r}{hint}")
        if header.count(name) > 1:
            raise InputError(f"{place}: two columns are named {name!r}")
    for name in REQUIRED:
        if name not in header:
            raise InputError(f"{place}: the column {name!r} is missing")


def manifest_text(rows: Iterable[ManifestRow]) -> str:
    """The rows as CSV, which ``read_manifest`` gives back."""
    listed = list(rows)
    # Python's writer does not quote a carriage return by itself, which other programs may end a
    # line with.
    returns = any("\r" in row.prompt for row in listed)
    written = StringIO()
    writer = csv.DictWriter(
        written,
        COLUMNS,
        lineterminator="\n",
        quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL,
    )
    writer.writeheader()
    writer.writerows(row.model_dump() for row in listed)
    return written.getvalue()
