"""Child processes of the local stack end with their parent, even when it is killed."""

import ctypes
import os
import signal
import sys

PARENT_PID_VARIABLE = "FRAMEGATE_PARENT_PID"
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with_parent() -> None:
    """In a child of the local stack: have the kernel terminate it when the parent ends."""
    parent = os.environ.pop(PARENT_PID_VARIABLE, None)
    if parent is None or sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != int(parent):  # the parent ended before the call above
        sys.exit(1)
