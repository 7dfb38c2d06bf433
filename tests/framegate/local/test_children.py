"""The services of a local stack as child processes: waited for, given up, ended."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from framegate.local.children import Child, ChildFailedError, start_child, stop_children
from framegate.telemetry.platform.listen import listening_socket
from tests.processes import descendants, ended

IDLE_SECONDS = 1.0
WAITS = 4  # each as long as a child may be idle: one that does nothing is given up before


def test_a_service_that_does_not_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file where a folder must be")
    child = start_child(
        "collector",
        ("collector", "--data", str(tmp_path / "store"), "--grpc-port", "0"),
        log=tmp_path / "collector.log",
        environment={},
    )
    try:
        with pytest.raises(ChildFailedError, match="store"):
            child.wait_ready()
    finally:
        stop_children([child])


def test_a_child_that_ignores_its_end_is_killed_with_its_children(tmp_path: Path) -> None:
    folders = ("--artifacts", str(tmp_path), "--spool", str(tmp_path / "spool"))
    child = start_child("generator", ("generator", *folders), log=tmp_path / "log", environment={})
    child.wait_ready()
    below = descendants(child.process.pid)
    os.kill(child.process.pid, signal.SIGSTOP)
    stop_children([child], patience_seconds=0.5)
    assert ended([child.process.pid, *below])


def started(folder: Path, program: str) -> Child:
    """A child that listens, and runs a program instead of a service."""
    log = folder / "log"
    with listening_socket("127.0.0.1", 0) as listening, log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdout=output,
            pass_fds=[listening.fileno()],
            start_new_session=True,
        )
        return Child("service", f"http://127.0.0.1:{listening.getsockname()[1]}", log, process)


@pytest.mark.parametrize(
    ("program", "shown"),
    [
        ("while True: pass", "works"),
        ("import time\nwhile True: print('.', flush=True); time.sleep(0.05)", "writes"),
    ],
    ids=["works", "writes"],
)
def test_a_child_that_makes_progress_is_waited_for(
    tmp_path: Path, program: str, shown: str
) -> None:
    child = started(tmp_path, program)
    waits: list[float] = []

    def stop_waiting(_: str, processor_seconds: float) -> None:
        waits.append(processor_seconds)
        if len(waits) == WAITS:
            child.process.kill()

    try:
        with pytest.raises(ChildFailedError, match=r"service (did not start|ended with code)"):
            child.wait_ready(waiting=stop_waiting, idle_seconds=IDLE_SECONDS)
        assert len(waits) == WAITS
        assert shown == "writes" or waits[-1] > waits[0]
    finally:
        stop_children([child])


def test_a_child_that_does_nothing_is_given_up(tmp_path: Path) -> None:
    child = started(tmp_path, "import signal; signal.pause()")
    try:
        with pytest.raises(ChildFailedError, match=r"service did not start: no progress for 1 s"):
            child.wait_ready(idle_seconds=IDLE_SECONDS)
    finally:
        stop_children([child])
