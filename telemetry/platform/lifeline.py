"""Child processes end with their parent, even when it is killed."""

import ctypes
import os
import signal
import sys

PARENT_PID_VARIABLE = "FRAMEGATE_PARENT_PID"
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with_parent() -> None:
    """In a child of the local stack: have the kernel terminate it when the parent ends."""
    parent = os.environ.pop(PARENT_PID_VARIABLE, None)
    if parent is not None and sys.platform == "linux":
        tie_to_parent(int(parent), signal.SIGTERM)


def tie_to_parent(parent: int, end_signal: signal.Signals) -> None:
    """Have the kernel (Linux) send this process a signal when its parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, end_signal, 0, 0, 0)
    if os.getppid() != parent:  # the parent ended before the call above
        os._exit(1)
