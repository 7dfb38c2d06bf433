"""Ctrl-C ends a run of the tests and every process that they started.

Workers and servers would otherwise finish their tests, or never notice: some are in sessions of
their own, which the terminal's signal does not reach.
"""

import ctypes
import os
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType

from tests.processes import descendants

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
SUMMARY_SECONDS = 3.0  # that the run has for its summary


def end_processes_on_interrupt() -> None:
    """From now on SIGINT and SIGTERM kill all descendants of this process and end the run."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)


def kill_descendants() -> None:
    """Kill and reap until no child, and no child of a child, is left (Linux)."""
    if sys.platform != "linux":
        return
    # Children of a killed process become ours, so that none is missed.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    while found := descendants(os.getpid()):
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(-1, 0)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    # Whatever a fixture still waits for, the run ends.
    deadline = threading.Timer(SUMMARY_SECONDS, os._exit, (130,))
    deadline.daemon = True
    deadline.start()
    kill_descendants()
    raise KeyboardInterrupt
