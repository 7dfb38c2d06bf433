"""What is made or started once in a run of the tests, by whichever worker needs it first."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

Places = Mapping[str, str]
KEEPER = Path(__file__).with_name("keeper.py")
# Never waited for: a keeper ends after the tests' own process.
KEEPERS: list["subprocess.Popen[str]"] = []


def run_folder(factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share, and no other run."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Only one worker of the run at a time; the kernel ends it with the process."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make_once(folder: Path, name: str, make: Callable[[Path], Places]) -> Places:
    """What ``make`` returned the first time; it gets a new folder. Others wait until it is done."""
    with locked(folder / f"{name}.lock"):
        kept = folder / f"{name}.json"
        if not kept.exists():
            place = folder / name
            place.mkdir()
            kept.write_text(json.dumps(make(place)))
        found: Places = json.loads(kept.read_text())
        return found


def start_once(folder: Path, service: str) -> Places:
    """A service of the keeper that all workers use; it ends when the run's main process has."""

    def start(place: Path) -> Places:
        owner = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
        with (place / "keeper.log").open("wb") as log:
            keeper = subprocess.Popen(
                # -P: tests/ holds folders named like packages.
                [sys.executable, "-P", str(KEEPER), service, str(place), str(owner)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        KEEPERS.append(keeper)
        assert keeper.stdout
        with keeper.stdout as answer:
            line = answer.readline()
        assert line, (place / "keeper.log").read_text()
        found: Places = json.loads(line)
        return found

    return make_once(folder, service, start)
