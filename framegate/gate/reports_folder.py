"""The folder of one run's reports: held by one run at a time, without what an earlier one left."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from framegate.quality.gate.judging.document import VerdictDocument, dump_document
from framegate.quality.gate.reports.annotations import annotations
from framegate.quality.gate.reports.junit import junit
from framegate.quality.gate.reports.markdown import markdown
from framegate.quality.gate.reports.sarif import sarif
from framegate.telemetry.platform.errors import InputError

REPORTS = ("verdict.json", "verdict.md", "annotations.txt", "junit.xml", "verdict.sarif")
PAGE = "report.html"  # written by another command, from a verdict that is removed here


@contextmanager
def reports_folder(folder: Path) -> Iterator[Path]:
    """The folder for as long as the block lasts; reports of earlier runs are removed first.

    So a run that ends without a verdict leaves none. Raises InputError where another run holds the
    folder, or where it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error}") from error
    try:
        take_folder(held, folder)
        yield folder
    finally:
        os.close(held)


def take_folder(held: int, folder: Path) -> None:
    """Lock the open folder and remove the reports in it."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for name in (*REPORTS, PAGE):
            (folder / name).unlink(missing_ok=True)
    except BlockingIOError as error:
        said = f"{folder}: another run writes there; give this one another --out"
        raise InputError(said) from error
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error}") from error


def write_reports(document: VerdictDocument, folder: Path) -> None:
    """The verdict in every format."""
    texts: tuple[str | bytes, ...] = (
        dump_document(document),
        markdown(document),
        annotations(document),
        junit(document),
        sarif(document),
    )
    for name, text in zip(REPORTS, texts, strict=True):
        write_file(folder / name, text)


def write_file(path: Path, text: str | bytes) -> None:
    """Raises InputError for a file that cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error}") from error
