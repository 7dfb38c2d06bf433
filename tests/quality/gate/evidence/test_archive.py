"""Baselines as artifacts: what was kept comes back, and whatever was changed is seen."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import fsspec
import pytest

from framegate.quality.gate.evidence.archive import (
    Archive,
    is_archive,
    load_record,
    split_reference,
)
from framegate.quality.gate.evidence.evidence import Evidence
from framegate.telemetry.platform.errors import InputError
from tests.buckets import running_s3
from tests.quality.gate.made_evidence import clips, side

CLIPS = clips()


def kept(root: str) -> tuple[Archive, Evidence]:
    archive = Archive(root)
    clip = replace(CLIPS[0], blobs={"clip": archive.keep_bytes(b"a clip" * 1000)})
    return archive, archive.record(replace(side(), clips=(clip, *CLIPS[1:])), name="ref-1")


@pytest.fixture
def bucket() -> Iterator[str]:
    """A bucket on a server that speaks S3."""
    name = f"models-{uuid4().hex}"
    with running_s3():
        fsspec.filesystem("s3").mkdir(name)
        yield f"s3://{name}"


@pytest.mark.parametrize("place", ["folder", "memory"])
def test_what_was_kept_comes_back(tmp_path: Path, place: str) -> None:
    come_back(str(tmp_path / "kept") if place == "folder" else f"memory://{uuid4().hex}/kept")


def test_a_bucket_keeps_records_too(bucket: str) -> None:
    come_back(f"{bucket}/kept")


def come_back(root: str) -> None:
    archive, evidence = kept(root)
    for reference in ("", "@ref-1", f"@sha256:{evidence.id}"):
        _, found = load_record(root + reference)
        assert found == evidence
    assert not list(archive.faults(evidence))
    assert archive.names() == {"ref-1": evidence.id}
    assert is_archive(root)


def test_the_same_evidence_has_the_same_id(tmp_path: Path) -> None:
    first, second = (kept(str(tmp_path / name))[1] for name in ("one", "other"))
    assert first.id == second.id


def change(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-3] + bytes([data[-3] ^ 1]) + data[-2:])


def test_a_changed_object_is_seen(tmp_path: Path) -> None:
    archive, evidence = kept(str(tmp_path))
    (path,) = (tmp_path / "objects").rglob("*/*")
    change(path)
    (fault,) = archive.faults(evidence)
    assert fault.path.endswith(path.name)
    assert "does not match its hash" in fault.detail


def test_a_missing_object_is_seen(tmp_path: Path) -> None:
    archive, evidence = kept(str(tmp_path))
    (path,) = (tmp_path / "objects").rglob("*/*")
    path.unlink()
    (fault,) = archive.faults(evidence)
    assert re.search("objects/.* not found$", fault.detail)


def test_a_changed_record_is_refused(tmp_path: Path) -> None:
    kept(str(tmp_path))
    (path,) = (tmp_path / "records").iterdir()
    path.write_text(path.read_text().replace("0.95", "0.85", 1))
    with pytest.raises(InputError, match="does not match its id"):
        load_record(str(tmp_path))


def test_a_record_under_anothers_id_is_refused(tmp_path: Path) -> None:
    _, evidence = kept(str(tmp_path))
    (path,) = (tmp_path / "records").iterdir()
    path.rename(path.with_name(f"{'0' * 64}.json"))
    with pytest.raises(InputError, match="does not match its id"):
        load_record(f"{tmp_path}@sha256:{'0' * 64}")
    with pytest.raises(InputError, match=r"records/.* not found"):
        load_record(f"{tmp_path}@sha256:{evidence.id}")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("@nobody", "names/nobody not found"),
        ("@../../etc/passwd", "holds 0 records"),
        ("@sha256:abc", "is not a record id"),
        ("@a b", "is not a valid name"),
    ],
)
def test_a_wrong_reference_is_named(tmp_path: Path, reference: str, message: str) -> None:
    kept(str(tmp_path))
    with pytest.raises(InputError, match=message):
        load_record(f"{tmp_path}{reference}")


def test_without_a_name_there_must_be_one_record(tmp_path: Path) -> None:
    archive, evidence = kept(str(tmp_path))
    archive.record(replace(evidence, name="m2"), name="ref-2")
    with pytest.raises(InputError, match="holds 2 records; choose one with @NAME: ref-1, ref-2"):
        load_record(str(tmp_path))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("kept", ("kept", None)),
        ("kept@ref-1", ("kept", "ref-1")),
        ("s3://user@host/kept", ("s3://user@host/kept", None)),
        ("s3://user@host/kept@sha256:ab", ("s3://user@host/kept", "sha256:ab")),
    ],
)
def test_references(text: str, parts: tuple[str, str | None]) -> None:
    assert split_reference(text) == parts


def test_objects_are_written_once(tmp_path: Path) -> None:
    archive, evidence = kept(str(tmp_path))
    (path,) = (tmp_path / "objects").rglob("*/*")
    before = path.stat().st_mtime_ns
    again = archive.keep_bytes(b"a clip" * 1000)
    assert again == evidence.clips[0].blobs["clip"]
    assert path.stat().st_mtime_ns == before
