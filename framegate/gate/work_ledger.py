"""What an interrupted run had done already: one file for each finished piece of work."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from framegate.telemetry.platform.durable_files import write_file_atomically


class WorkLedger:
    """Pieces of one run; a run of other ``terms`` (suite, models, place) has another folder."""

    def __init__(self, folder: Path, terms: Mapping[str, object]) -> None:
        digest = hashlib.sha256(json.dumps(terms, sort_keys=True).encode()).hexdigest()
        self._folder = folder / digest[:16]

    def has(self, kind: str, key: str) -> bool:
        return self._path(kind, key).is_file()

    def read(self, kind: str, key: str) -> bytes:
        return self._path(kind, key).read_bytes()

    def keep(self, kind: str, key: str, data: bytes) -> None:
        """Whole or not at all, and on the disk before this returns."""
        write_file_atomically(self._path(kind, key), data)

    def forget(self) -> None:
        """The run is over; the next one of the same terms begins anew."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, kind: str, key: str) -> Path:
        """Names come from users and services, so only their hash touches the disk."""
        name = hashlib.sha256(f"{kind}\n{key}".encode()).hexdigest()
        return self._folder / f"{name[:32]}.json"
