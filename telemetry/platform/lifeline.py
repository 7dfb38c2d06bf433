"""How a child process of a local stack ends with its parent, even a killed one."""

import ctypes
import os
import signal
import sys

PARENT_PID_VARIABLE = "FRAMEGATE_PARENT_PID"
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with_parent() -> None:
    """In a child of a local stack: be terminated by the kernel when the parent dies."""
    parent = os.environ.pop(PARENT_PID_VARIABLE, None)
    if parent is None or sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != int(parent):  # it died before the kernel was told
        sys.exit(1)
