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
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name is data of the folder
    finally:
        os.close(folder)
