"""framegate demo, and how it is stopped; tests/deploy/test_wheel.py sees a whole one."""

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from framegate.local.demo_prompts import PROMPTS
from framegate.telemetry.signals.names import Workload
from tests.demo_process import lines_until, running_demo
from tests.processes import descendants, ended
from tests.volume import draws_all

DEMO = (sys.executable, "-m", "framegate", "demo", "--folder", "run")
SERVICES = 4
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def test_the_prompts_are_a_dozen_of_every_class() -> None:
    assert len({prompt for _, prompt in PROMPTS}) == 12
    assert {workload for workload, _ in PROMPTS} == set(Workload)


@pytest.mark.parametrize("number", STOP_SIGNALS[: len(STOP_SIGNALS) if draws_all() else 1])
def test_a_demo_stopped_in_the_middle_leaves_no_process(number: int, tmp_path: Path) -> None:
    with running_demo(DEMO, cwd=tmp_path) as process:
        lines_until(process, "complete ")
        children = descendants(process.pid)
        assert len(children) > SERVICES  # the generator and the quality worker have their own
        process.send_signal(number)
        assert process.wait(timeout=60) == 130
    assert ended(children)


def test_a_demo_stopped_while_it_starts_leaves_no_process(tmp_path: Path) -> None:
    with running_demo(DEMO, cwd=tmp_path) as process:
        children = wait_for_services(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 130
    assert ended(children)


def wait_for_services(process: "subprocess.Popen[str]") -> list[int]:
    """The ids of the services as soon as all are started; most of them still import."""
    while len(children := descendants(process.pid)) < SERVICES:
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"the demo ended with {process.wait(0.05)}")
    return children
