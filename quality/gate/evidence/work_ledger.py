"""What a run has finished, one file for each piece, so that an interrupted run resumes."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from framegate.telemetry.platform.durable_files import write_file_atomically


class WorkLedger:
    """A run with other ``terms`` (suite, models, metrics, environment) has another folder."""

    def __init__(self, folder: Path, terms: Mapping[str, object]) -> None:
        digest = hashlib.sha256(json.dumps(terms, sort_keys=True).encode()).hexdigest()
        self._folder = folder / digest[:16]

    def has(self, kind: str, key: str) -> bool:
        return self._path(kind, key).is_file()

    def read(self, kind: str, key: str) -> bytes:
        return self._path(kind, key).read_bytes()

    def keep(self, kind: str, key: str, data: bytes) -> None:
        """Atomic, and on the disk before this returns."""
        write_file_atomically(self._path(kind, key), data)

    def drop(self, kind: str, key: str) -> None:
        """Delete one piece; the next run makes it again."""
        self._path(kind, key).unlink(missing_ok=True)

    def forget(self) -> None:
        """Delete all pieces of a complete run; the next one with these terms starts again."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, kind: str, key: str) -> Path:
        """A file named by a hash: keys come from users and services."""
        name = hashlib.sha256(f"{kind}\n{key}".encode()).hexdigest()
        return self._folder / f"{name[:32]}.json"
