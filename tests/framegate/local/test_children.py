"""No process of a local stack outlives the one that started it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from framegate.local.children import Child, ChildFailedError, start_child, stop_children
from framegate.telemetry.platform.listen import listening_socket
from tests.processes import descendants, ended

PROGRAM = """
import signal, sys
from pathlib import Path
from framegate.local.stack import running_stack

signal.signal(signal.SIGINT, signal.default_int_handler)
with running_stack(Path(sys.argv[1])) as stack:
    print(stack.collector_url, stack.generator_url, stack.dashboard_url, flush=True)
    signal.pause()
"""
SERVICES = ("collector", "generator", "quality-worker", "dashboard")


@dataclass(frozen=True, slots=True)
class StackOwner:
    """A process that holds a running stack."""

    process: "subprocess.Popen[str]"
    urls: list[str]


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[StackOwner]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    urls = process.stdout.readline().split()
    assert len(urls) == 3
    yield StackOwner(process, urls)
    process.kill()
    process.wait()
    process.stdout.close()


def test_killing_the_owner_ends_every_process_of_the_stack(owner: StackOwner) -> None:
    children = descendants(owner.process.pid)
    assert len(children) > len(SERVICES)  # the generator has its own
    owner.process.kill()
    assert ended(children)


def test_ctrl_c_ends_every_process_of_the_stack_and_frees_its_ports(
    owner: StackOwner, tmp_path: Path
) -> None:
    process, children = owner.process, descendants(owner.process.pid)
    assert httpx.get(f"{owner.urls[1]}/healthz").text == "ok"
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == -signal.SIGINT or process.returncode == 1
    assert ended(children)
    for url in owner.urls:
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/healthz")
    for name in SERVICES:
        assert "Traceback" not in (tmp_path / "logs" / f"{name}.log").read_text()


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
        if len(waits) == 12:
            child.process.kill()

    try:
        with pytest.raises(ChildFailedError, match=r"service (did not start|ended with code)"):
            child.wait_ready(waiting=stop_waiting, idle_seconds=2.0)
        assert len(waits) == 12
        assert shown == "writes" or waits[-1] > waits[0]
    finally:
        stop_children([child])


def test_a_child_that_does_nothing_is_given_up(tmp_path: Path) -> None:
    child = started(tmp_path, "import signal; signal.pause()")
    try:
        with pytest.raises(ChildFailedError, match=r"service did not start: no progress for 2 s"):
            child.wait_ready(idle_seconds=2.0)
    finally:
        stop_children([child])
