"""The framegate command inside the test's own process, down to its file descriptors.

The same ``main`` as a shell starts, without the second that a new interpreter costs.
Tests about the process itself (signals, the environment of a child) start a real one.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

from framegate.cli import main


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a shell would have seen."""

    exit_code: int
    stdout: str
    stderr: str


def run_command(
    *argv: str, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> CommandResult:
    """Run ``framegate ARGV…`` with 80 columns, and with these variables beside the test's own."""
    with (
        tempfile.TemporaryFile("w+b") as output,
        tempfile.TemporaryFile("w+b") as errors,
        changed_environment({"COLUMNS": "80", **(environment or {})}),
        chdir(cwd or Path.cwd()),
        raised_interrupts(),
    ):
        with redirected("stdout", 1, output), redirected("stderr", 2, errors):
            code = exit_code_of(argv)
        return CommandResult(code, text_of(output), text_of(errors))


def run_process(
    *argv: str, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> CommandResult:
    """The same in a process of its own, for what changes a whole process: gevent, Ray, signals.

    A few more tests use it, so that the process is known to behave as the function does.
    """
    done = subprocess.run(
        [sys.executable, "-m", "framegate", *argv],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "80", **(environment or {})},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return CommandResult(done.returncode, done.stdout, done.stderr)


def exit_code_of(argv: tuple[str, ...]) -> int:
    hook = sys.excepthook
    try:
        main(argv)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
            return 1
        return ended.code or 0
    finally:
        sys.excepthook = hook  # typer sets its own
    return 0


@contextmanager
def redirected(name: str, descriptor: int, file: IO[bytes]) -> Iterator[None]:
    """Send the descriptor, which child processes inherit, and Python's stream to a file."""
    stream, kept = getattr(sys, name), os.dup(descriptor)
    stream.flush()
    os.dup2(file.fileno(), descriptor)
    try:
        with open(descriptor, "w", encoding="utf-8", closefd=False) as text:
            setattr(sys, name, text)
            yield
    finally:
        setattr(sys, name, stream)
        os.dup2(kept, descriptor)
        os.close(kept)


def text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


@contextmanager
def changed_environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def raised_interrupts() -> Iterator[None]:
    """Ctrl-C while a command runs ends the tests too, though the command makes a code of it."""
    came: list[int] = []
    before = signal.getsignal(signal.SIGINT)

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)
        if callable(before):
            before(number, frame)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is note:
            signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt
