"""Files that appear whole or not at all, and are on the disk before anybody says so."""

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4


def write_file_atomically(path: Path, data: bytes) -> None:
    """Put a file in the place of any that is there; a crash leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    fsync_path(path.parent)  # the name is data of the folder


def fsync_path(path: Path) -> None:
    """Have what a file or a folder holds on the disk before this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
