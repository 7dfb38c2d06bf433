"""Jobs sent to a running collector, and its answers awaited."""

import time
from collections.abc import Callable
from typing import Any

from framegate.telemetry.sdk.sdk import start_telemetry
from framegate.telemetry.signals import names
from framegate.telemetry.signals.names import JobState
from tests.commands import CommandResult, run_command

SECONDS = 60.0


PAUSE = 0.2


def send_jobs(url: str, count: int, state: JobState, prefix: str) -> None:
    telemetry = start_telemetry("generator", endpoint=url)
    for number in range(count):
        telemetry.event(
            names.EVENT_JOB_STATE,
            {names.JOB_ID: f"{prefix}{number}", names.JOB_STATE: state.value, names.MODEL: "m1"},
            timestamp_ns=time.time_ns(),
        )
    telemetry.shutdown()


def until(ask: Callable[[], Any], true: Callable[[Any], bool]) -> Any:
    """What the answer is once it is as it should be; asked now and then."""
    deadline = time.monotonic() + SECONDS
    while not true(found := ask()):
        assert time.monotonic() < deadline, found
        time.sleep(PAUSE)
    return found


def run(*arguments: str) -> CommandResult:
    return run_command("slo", *arguments)
