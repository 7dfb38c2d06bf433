"""Keeps one service for a whole run of the tests: python -P keeper.py SERVICE FOLDER OWNER.

It prints where the service is, and ends it when the process OWNER has ended, however that came.
"""

import json
import os
import select
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from framegate.local.children import start_child, stop_children

Places = Mapping[str, str]
PATIENCE_SECONDS = 3.0


@contextmanager
def generator(folder: Path) -> Iterator[Places]:
    """A generator that is paid for, and sends no telemetry."""
    place = ["--artifacts", str(folder / "clips"), "--spool", str(folder / "spool")]
    child = start_child(
        "generator",
        ["generator", *place, "--price-per-hour", "2"],
        log=folder / "log",
        environment={},
    )
    try:
        child.wait_ready()
        yield {"url": child.url}
    finally:
        stop_children([child], patience_seconds=PATIENCE_SECONDS)


SERVICES: Mapping[str, Callable[[Path], AbstractContextManager[Places]]] = {"generator": generator}


def main(service: str, folder: str, owner: str) -> None:
    ended = os.pidfd_open(int(owner))
    with SERVICES[service](Path(folder)) as places:
        sys.stdout.write(json.dumps(places) + "\n")
        sys.stdout.flush()
        select.select([ended], [], [])


if __name__ == "__main__":
    main(*sys.argv[1:])
