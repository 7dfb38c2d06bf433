"""Files of objectives, OpenSLO's or Sloth's: YAML or JSON, any number of documents in each."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from framegate.slo.openslo.kinds import KINDS, OpenSloDocument
from framegate.slo.openslo.library import Library, LocatedDocument
from framegate.slo.openslo.sloth import is_sloth, slos_from_sloth
from framegate.slo.openslo.strict_model import describe_fault
from framegate.telemetry.platform.errors import InputError

MAX_NODES = 100_000  # of a file; YAML's anchors can make much of little
MAX_FILE_BYTES = 8 * 2**20


def load_library(paths: Sequence[Path]) -> Library:
    """Every document of the files; raises InputError naming file, document, path and value."""
    found = Library()
    for path in paths:
        for placed in read_documents(path):
            found.add(placed)
    return found


class ExactLoader(yaml.SafeLoader):
    """Reads numbers with a point as text, so that 0.995 stays 0.995."""


ExactLoader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: node.value)


def read_documents(path: Path) -> Iterator[LocatedDocument]:
    """The documents of a file; raises InputError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: {error}") from error
    yield from parse_documents(data, str(path))


def parse_documents(data: bytes, name: str) -> Iterator[LocatedDocument]:
    """The documents of what a file of that name holds; raises InputError."""
    number = 0
    for raw in load_yaml(data, name):
        for one in raw if isinstance(raw, list) else [raw]:
            if one is None:  # between two separators there may be nothing
                continue
            number += 1
            place = f"{name}, document {number}"
            for document in documents_from_mapping(one, place=place):
                yield LocatedDocument(document, place)


def load_yaml(data: bytes, name: str) -> list[Any]:
    try:
        found = list(yaml.load_all(data.decode(), ExactLoader))
        check_size(found, len(data))
    except (UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(
            str(error) if isinstance(error, InputError) else f"{name}: {error}"
        ) from error
    return found


def check_size(value: Any, size_bytes: int) -> None:
    """Raise ValueError for what is, or by anchors becomes, more than a file of objectives holds."""
    if size_bytes > MAX_FILE_BYTES:
        raise ValueError(f"is larger than {MAX_FILE_BYTES} bytes")
    waiting, seen = [value], 0
    while waiting:
        seen += 1
        if seen > MAX_NODES:
            raise ValueError(f"holds more than {MAX_NODES} values")
        top = waiting.pop()
        if isinstance(top, Mapping):
            waiting += [*top.keys(), *top.values()]
        elif isinstance(top, list):
            waiting += top


def documents_from_mapping(raw: Any, *, place: str) -> Iterator[OpenSloDocument]:
    """One document of OpenSLO, or the SLOs that one of Sloth's has."""
    if is_sloth(raw):
        yield from slos_from_sloth(raw, place=place)
    else:
        yield validate_document(raw, place=place)


def validate_document(raw: Any, *, place: str) -> OpenSloDocument:
    kind = raw.get("kind") if isinstance(raw, Mapping) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError(f"{place}, kind: {kind!r} is none of {', '.join(KINDS)}")
    try:
        return KINDS[kind].model_validate(raw)
    except ValidationError as error:
        raise InputError(f"{place}, {describe_fault(error)}") from error
