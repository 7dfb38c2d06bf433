"""Processes that tests start and watch, by their ids."""

import os
import select
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """The ids of a process's children, and of theirs (Linux)."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def ended(pids: list[int], *, timeout_seconds: float = 30.0) -> bool:
    """Wait until every process is gone; True if they all went in time."""
    return all(_ended(pid, timeout_seconds) for pid in pids)


def _ended(pid: int, timeout_seconds: float) -> bool:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], timeout_seconds)[0])
    finally:
        os.close(descriptor)
