"""Recorded baselines: immutable, named by their content, in a folder or at any fsspec URL.

    objects/ab/abcd…   clips, references and per-frame values, each under its SHA-256
    records/abcd….json one side's evidence, under the SHA-256 of the file
    names/NAME         the id of the record that has this name now

Every read checks the hash, so a baseline pinned by its id cannot change unnoticed.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import fsspec
from pydantic import ValidationError

from framegate.quality.gate.evidence.evidence import EVIDENCE, Blob, Evidence, finite_evidence
from framegate.telemetry.platform.durable_files import write_file_atomically
from framegate.telemetry.platform.errors import InputError

CHUNK_BYTES = 2**20
ID = re.compile(r"[0-9a-f]{64}")
NAME = re.compile(r"[\w][\w.+-]{0,99}")


@dataclass(frozen=True, slots=True)
class Fault:
    """An object that is missing or does not match its hash."""

    path: str
    detail: str


class Archive:
    """All records below ``root``: a folder or a URL that fsspec knows."""

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/") or root
        try:
            self._files, base = fsspec.core.url_to_fs(root)
        except (ValueError, OSError) as error:
            raise InputError(f"{root}: {error}") from error
        self._base = str(base).rstrip("/")
        self._local = "file" in self._files.protocol

    def keep_file(self, path: Path) -> Blob:
        blob = blob_of(path)
        if not self.has(blob):
            self._write(self._object_path(blob.sha256), path.read_bytes())
        return blob

    def keep_bytes(self, data: bytes) -> Blob:
        blob = Blob(hashlib.sha256(data).hexdigest(), len(data))
        if not self.has(blob):
            self._write(self._object_path(blob.sha256), data)
        return blob

    def has(self, blob: Blob) -> bool:
        with suppress(OSError):
            return bool(self._files.size(self._object_path(blob.sha256)) == blob.size_bytes)
        return False

    def fetch(self, blob: Blob) -> bytes:
        """The bytes; raises InputError when they are missing or do not match their hash."""
        data = self._read(self._object_path(blob.sha256))
        if hashlib.sha256(data).hexdigest() != blob.sha256:
            raise InputError(f"{self.root}: object {blob.sha256} does not match its hash")
        return data

    def path(self, blob: Blob) -> Path:
        """The object's file; raises InputError for an archive that is not a local folder."""
        if not self._local:
            raise InputError(f"{self.root}: is not a local folder")
        return Path(self._object_path(blob.sha256))

    def record(self, evidence: Evidence, *, name: str | None = None) -> Evidence:
        """Store one side's evidence; returns it with its id. Its objects must be stored before."""
        data = EVIDENCE.dump_json(replace(evidence, id=None, source="", rescored=None), indent=1)
        record_id = hashlib.sha256(data).hexdigest()
        self._write(self._record_path(record_id), data)
        if name is not None:
            self._write(self._name_path(name), record_id.encode())
        return replace(evidence, id=record_id, source=f"{self.root}@sha256:{record_id}")

    def load(self, reference: str | None = None) -> Evidence:
        """A record by ``sha256:ID`` or name; without a reference, the archive's only record."""
        record_id = self._resolve(reference)
        data = self._read(self._record_path(record_id))
        if hashlib.sha256(data).hexdigest() != record_id:
            raise InputError(f"{self.root}: record {record_id} does not match its id")
        try:
            found = EVIDENCE.validate_json(data)
        except ValidationError as error:
            raise InputError(f"{self.root}: record {record_id}: {error.errors()[0]}") from error
        source = f"{self.root}@sha256:{record_id}"
        found = replace(found, id=record_id, source=source, rescored=None)
        return finite_evidence(found)

    def ids(self) -> list[str]:
        return sorted(Path(name).stem for name in self._list_files("records"))

    def names(self) -> dict[str, str]:
        found = sorted(Path(name).name for name in self._list_files("names"))
        return {name: self._read_name(name) for name in found}

    def faults(self, evidence: Evidence) -> Iterator[Fault]:
        """The record's objects that are missing or do not match their hash."""
        wanted = {blob.sha256: blob for clip in evidence.clips for blob in clip.blobs.values()}
        for blob in wanted.values():
            try:
                self.fetch(blob)
            except InputError as error:
                yield Fault(f"objects/{blob.sha256[:2]}/{blob.sha256}", str(error))

    def _resolve(self, reference: str | None) -> str:
        if reference is None:
            ids = self.ids()
            if len(ids) != 1:
                known = ", ".join(self.names()) or "none is named"
                raise InputError(
                    f"{self.root}: holds {len(ids)} records; choose one with @NAME: {known}"
                )
            return ids[0]
        if reference.startswith("sha256:"):
            found = reference.removeprefix("sha256:")
        else:
            found = self._read_name(reference)
        if not ID.fullmatch(found):
            raise InputError(f"{self.root}: {reference}: {found[:80]!r} is not a record id")
        return found

    def _read_name(self, name: str) -> str:
        """The id that a name stands for; anything else in its file is returned as it is shown."""
        return self._read(self._name_path(name)).decode(errors="backslashreplace").strip()

    def _list_files(self, folder: str) -> list[str]:
        with suppress(FileNotFoundError):
            return [str(name) for name in self._files.ls(f"{self._base}/{folder}", detail=False)]
        return []

    def _read(self, path: str) -> bytes:
        try:
            return bytes(self._files.cat_file(path))
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            place = path.removeprefix(f"{self._base}/")
            raise InputError(f"{self.root}: {place} not found") from error

    def _write(self, path: str, data: bytes) -> None:
        """Atomic in a local folder, and on the disk before this returns."""
        if self._local:
            write_file_atomically(Path(path), data)
            return
        self._files.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        self._files.pipe_file(path, data)

    def _object_path(self, digest: str) -> str:
        if not ID.fullmatch(digest):
            raise InputError(f"{self.root}: {digest!r} is not a SHA-256 digest")
        return f"{self._base}/objects/{digest[:2]}/{digest}"

    def _record_path(self, record_id: str) -> str:
        return f"{self._base}/records/{record_id}.json"

    def _name_path(self, name: str) -> str:
        if not NAME.fullmatch(name):
            raise InputError(f"{name!r} is not a valid name: letters, digits, . + - _")
        return f"{self._base}/names/{name}"


def blob_of(path: Path) -> Blob:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Blob(digest, path.stat().st_size)


def is_archive(root: str) -> bool:
    """Whether there are records at ``root``."""
    try:
        return bool(Archive(root).ids())
    except OSError:
        return False


def split_reference(text: str) -> tuple[str, str | None]:
    """Root and reference of ``ROOT@NAME`` or ``ROOT@sha256:ID``; an @ before a slash is in ROOT."""
    head, found, tail = text.rpartition("@")
    if not found or "/" in tail:
        return text, None
    return head, tail


def load_record(text: str) -> tuple[Archive, Evidence]:
    """The record that ``ROOT``, ``ROOT@NAME`` or ``ROOT@sha256:ID`` names, and its archive."""
    root, reference = split_reference(text)
    archive = Archive(root)
    return archive, archive.load(reference)


def summary(evidence: Evidence) -> dict[str, Any]:
    """The head of a record, as ``framegate baseline show`` prints it."""
    return {
        "id": evidence.id,
        "name": evidence.name,
        "suite": evidence.suite,
        "clips": len(evidence.clips),
        "prompts": len({clip.unit for clip in evidence.clips}),
        "kept_clips": sum("clip" in clip.blobs for clip in evidence.clips),
        "kept_bytes": sum(
            {
                b.sha256: b.size_bytes for clip in evidence.clips for b in clip.blobs.values()
            }.values()
        ),
    }
