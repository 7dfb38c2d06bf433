"""The processes of a local stack: none of them outlives its parent."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from framegate.telemetry.platform.lifeline import PARENT_PID_VARIABLE
from framegate.telemetry.platform.listen import LISTEN_FD, listening_socket

STOP_SECONDS = 15.0
READY_SECONDS = 90.0
LOG_TAIL_LINES = 15


class ChildFailedError(ConnectionError):
    """A child process ended, or never became ready; the message ends with its log."""


@dataclass(frozen=True, slots=True)
class Child:
    """One running server and where its output goes."""

    name: str
    url: str
    log: Path
    process: "subprocess.Popen[bytes]"

    def log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:])

    def wait_ready(self) -> None:
        """Return once /readyz answers 200; the socket already listens, so nothing is polled."""
        try:
            response = httpx.get(f"{self.url}/readyz", timeout=READY_SECONDS)
        except httpx.TransportError as error:
            raise ChildFailedError(
                f"{self.name} did not start: {error}\n{self.log_tail()}"
            ) from error
        if not response.is_success:
            raise ChildFailedError(f"{self.name} is not ready: {response.text}\n{self.log_tail()}")


def start_child(
    name: str, arguments: Sequence[str], *, log: Path, environment: Mapping[str, str]
) -> Child:
    """Start ``framegate NAME …`` on a free loopback port that it inherits as an open socket."""
    with listening_socket("127.0.0.1", 0) as open_socket:
        process = spawn(arguments, log=log, environment=environment, open_socket=open_socket)
        return Child(name, f"http://127.0.0.1:{open_socket.getsockname()[1]}", log, process)


def spawn(
    arguments: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str],
    open_socket: socket.socket,
) -> "subprocess.Popen[bytes]":
    """The child has a session of its own, so Ctrl-C reaches it only through its parent."""
    own = {LISTEN_FD: str(open_socket.fileno()), PARENT_PID_VARIABLE: str(os.getpid())}
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "framegate", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment, **own},
            pass_fds=[open_socket.fileno()],
            start_new_session=True,
        )


def stop_children(children: Sequence[Child], *, patience_seconds: float = STOP_SECONDS) -> None:
    """End every child, the newest first, so that each can still reach those it reports to.

    A child that does not end in time is killed, with whatever it has started.
    """
    for child in reversed(children):
        child.process.terminate()
        try:
            child.process.wait(timeout=patience_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
