"""Ctrl-C ends the tests and all their processes within five seconds."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.processes import descendants, ended

ROOT = Path(__file__).parents[1]
SECONDS = 5.0
CONFTEST = """
from tests.interrupt import end_processes_on_interrupt

def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        end_processes_on_interrupt()
"""
ENDLESS = """
import signal, subprocess, sys

def test_that_never_ends():
    code = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); signal.pause()"
    child = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    with open({ready!r}, "w") as ready:
        ready.write(f"{{child.pid}}\\n")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child.wait()
"""


def test_an_interrupt_leaves_no_process(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    for name in ("one", "two"):
        (tmp_path / f"test_{name}.py").write_text(ENDLESS.format(ready=str(ready)))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = ("-m", "pytest", "-q", "-n", "2", "--dist=loadfile", "-p", "no:cacheprovider", ".")
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), *sys.path]))},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    ) as run:
        children: list[int] = []
        while len(children) < 2:
            children += map(int, ready.read_text().split())
        started = descendants(run.pid)
        assert set(children) <= set(started)
        assert len(started) >= 4  # two workers and what their tests started
        deadline = time.monotonic() + SECONDS
        os.killpg(run.pid, signal.SIGINT)
        assert run.wait(timeout=SECONDS) != 0
        assert ended(started, timeout_seconds=max(0.1, deadline - time.monotonic()))
