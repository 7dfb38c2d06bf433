"""Where finished clips are kept: any fsspec URL, a folder by default."""

from collections.abc import Iterator
from pathlib import Path

import fsspec

CHUNK_BYTES = 256 * 1024


class Artifacts:
    """Clips under one root; ``root`` is a folder or a URL that fsspec knows."""

    def __init__(self, root: str) -> None:
        self._files, base = fsspec.core.url_to_fs(root)
        self._base = str(base).rstrip("/")
        self._local = "file" in self._files.protocol
        self._files.makedirs(self._base, exist_ok=True)

    def keep(self, spooled: Path, *, job_id: str, name: str) -> None:
        """Move a finished file into the store: it appears complete or not at all."""
        self._files.makedirs(f"{self._base}/{job_id}", exist_ok=True)
        target = self._path(job_id, name)
        self._files.put_file(str(spooled), f"{target}.part")
        self._files.mv(f"{target}.part", target)
        spooled.unlink()

    def copy(self, source_id: str, job_id: str, name: str) -> None:
        """Copy a job's file to another job: it appears complete or not at all."""
        self._files.makedirs(f"{self._base}/{job_id}", exist_ok=True)
        target = self._path(job_id, name)
        self._files.cp_file(self._path(source_id, name), f"{target}.part")
        self._files.mv(f"{target}.part", target)

    def has(self, job_id: str, name: str) -> bool:
        return bool(self._files.exists(self._path(job_id, name)))

    def local_path(self, job_id: str, name: str) -> Path | None:
        """The file's path, where the store is a folder of this machine; else None."""
        return Path(self._path(job_id, name)) if self._local else None

    def chunks(self, job_id: str, name: str) -> Iterator[bytes]:
        with self._files.open(self._path(job_id, name), "rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def _path(self, job_id: str, name: str) -> str:
        return f"{self._base}/{job_id}/{name}"
