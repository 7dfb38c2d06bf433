"""A local stack whose owner is a process of its own, so that the owner can be killed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from framegate.local.stack import Stack

PROGRAM = """
import json, signal, sys
from dataclasses import asdict
from pathlib import Path
from framegate.local.stack import running_stack

with running_stack(Path(sys.argv[1])) as stack:
    print(json.dumps(asdict(stack), default=str), flush=True)
    signal.pause()
"""


@dataclass(frozen=True, slots=True)
class StackOwner:
    """A process that holds a running stack."""

    process: "subprocess.Popen[str]"
    stack: Stack


@contextmanager
def running_owner(folder: Path) -> Iterator[StackOwner]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        found = json.loads(process.stdout.readline())
        clips, logs = Path(found.pop("clips")), Path(found.pop("logs"))
        yield StackOwner(process, Stack(clips=clips, logs=logs, **found))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
