"""Processes that tests start and watch, by their ids."""

import os
import select
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from framegate.telemetry.platform.listen import LISTEN_FD


def descendants(pid: int) -> list[int]:
    """The ids of a process's children, and of theirs (Linux); none of a process that has ended."""
    found: list[int] = []
    with suppress(FileNotFoundError, ProcessLookupError):
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


@dataclass(slots=True)
class Mortal:
    """A collector that can be killed and started again on a socket that never closes.

    Requests that come while it is dead wait in the socket's queue.
    """

    data: Path
    listening: socket.socket
    options: tuple[str, ...] = ()
    process: "subprocess.Popen[bytes]" = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def start(self) -> None:
        options = ("--data", str(self.data), "--grpc-port", "0", *self.options)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "framegate", "collector", *options],
            env=os.environ | {LISTEN_FD: str(self.listening.fileno())},
            pass_fds=[self.listening.fileno()],
        )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
