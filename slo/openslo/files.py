"""Read files of objectives, OpenSLO or Sloth: YAML or JSON, any number of documents in each."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from framegate.slo.openslo.kinds import KINDS, OpenSloDocument
from framegate.slo.openslo.library import Library, LocatedDocument
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import (
    FilePlace,
    faults_at,
    parse_documents,
    read_text,
)


def load_library(paths: Sequence[Path]) -> Library:
    """Every document of the files; raises InputError naming file, line, key and value."""
    found = Library()
    for path in paths:
        for placed in read_spec(path):
            found.add(placed)
    return found


def read_spec(path: Path) -> Iterator[LocatedDocument]:
    """The documents of a file; raises InputError."""
    yield from parse_spec(read_text(path), str(path))


def parse_spec(text: str, source: str) -> Iterator[LocatedDocument]:
    """The documents in the contents of a file; raises InputError."""
    for written in parse_documents(text, source, exact=True):
        whole = FilePlace(source, written.lines)
        if isinstance(written.value, list):
            for number, item in enumerate(written.value):
                yield from documents_from_mapping(item, whole.at(number))
        elif written.value is not None:  # two separators without a document between them
            yield from documents_from_mapping(written.value, whole)


def documents_from_mapping(raw: Any, place: FilePlace) -> Iterator[LocatedDocument]:
    """One OpenSLO document, or the SLOs of one Sloth document."""
    if is_sloth(raw):
        from framegate.slo.openslo.sloth import slos_from_sloth  # loads a parser of PromQL

        for slo, where in slos_from_sloth(raw, place):
            yield LocatedDocument(slo, where)
    else:
        yield LocatedDocument(validate_document(raw, place), place)


def is_sloth(raw: Any) -> bool:
    if not isinstance(raw, Mapping):
        return False
    return "version" in raw or str(raw.get("apiVersion", "")).startswith("sloth.slok.dev/")


def validate_document(raw: Any, place: FilePlace) -> OpenSloDocument:
    kind = raw.get("kind") if isinstance(raw, Mapping) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError(f"{place.at('kind')}: {kind!r} must be one of {', '.join(KINDS)}")
    with faults_at(place, KINDS[kind]):
        return KINDS[kind].model_validate(raw)
