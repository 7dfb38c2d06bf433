"""The processes of a local stack: none of them outlives its parent."""

import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from framegate.local.progress import Progress, progress_of
from framegate.telemetry.client.certificates import verification
from framegate.telemetry.platform.lifeline import PARENT_PID_VARIABLE
from framegate.telemetry.platform.listen import LISTEN_FD, listening_socket

STOP_SECONDS = 15.0
READY = "ready"
POLL_SECONDS = 5.0
REFUSED_SECONDS = 0.5  # before a child that answered is asked again
IDLE_SECONDS = 90.0  # without progress: then a child that does not answer never will
LOG_TAIL_LINES = 15


WaitingCallback = Callable[[str, float], None]


class ChildFailedError(ConnectionError):
    """A child process ended, or never became ready; the message ends with its log."""


def ignore_waiting(_name: str, _processor_seconds: float) -> None:
    """Show nothing."""


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

    def wait_ready(
        self, *, waiting: WaitingCallback = ignore_waiting, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        """Return once /readyz answers 200, however long that takes.

        Raises ChildFailedError when the child has ended, or has neither worked nor written to
        its log for ``idle_seconds``: on a busy machine the first start compiles for minutes.
        ``waiting`` is called every few seconds with the child's name and its processor time.
        """
        last, since, refused_since = self.progress(), time.monotonic(), math.inf
        while (answer := self.ask_ready(min(POLL_SECONDS, idle_seconds))) != READY:
            moment, now = time.monotonic(), self.progress()
            if answer is not None:
                refused_since = min(refused_since, moment)
                if moment - refused_since > idle_seconds:
                    raise self.failure(f"is not ready: {answer}")
            if now.is_beyond(last):
                last, since = now, moment
            elif moment - since > idle_seconds:
                raise self.failure(f"did not start: no progress for {idle_seconds:g} s")
            waiting(self.name, now.processor_seconds)

    def ask_ready(self, patience_seconds: float) -> str | None:
        """READY, or why it is not ready yet; None while the child does not answer.

        Its socket listens, so requests wait until it does. One service may not be ready because
        another is still starting.
        """
        try:
            response = httpx.get(
                f"{self.url}/readyz", timeout=patience_seconds, verify=verification(self.url)
            )
        except httpx.TimeoutException:
            response = None
        except httpx.TransportError as error:
            raise self.failure(f"did not start: {error}") from error
        if response is not None and response.is_success:
            return READY
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(0 if response is None else REFUSED_SECONDS)
        if self.process.returncode is not None:
            raise self.failure(f"ended with code {self.process.returncode}")
        return None if response is None else response.text

    def progress(self) -> Progress:
        return progress_of(self.process.pid, self.log)

    def failure(self, what: str) -> ChildFailedError:
        return ChildFailedError(f"{self.name} {what}\n{self.log_tail()}")


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
    """The child has a session of its own, so Ctrl-C reaches it only through its parent.

    With ``-P`` the current folder is not on its path: there may be a ``framegate.py`` in it.
    """
    own = {LISTEN_FD: str(open_socket.fileno()), PARENT_PID_VARIABLE: str(os.getpid())}
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "framegate", *arguments],
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
