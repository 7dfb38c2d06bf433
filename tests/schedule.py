"""The order of the test files: longest first, so that no worker ends long after the others.

``make durations`` runs all tests and writes how long each file took.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

DURATIONS_FILE = Path(__file__).parent / "durations.json"
WRITE_OPTION = "--write-durations"
UNKNOWN_SECONDS = 10.0  # of a file that is newer than the last measurement


def file_of(node_id: str) -> str:
    return node_id.partition("::")[0]


def read_durations() -> dict[str, float]:
    found: dict[str, float] = json.loads(DURATIONS_FILE.read_text())
    return found


def longest_first(items: list[pytest.Item], durations: Mapping[str, float]) -> list[pytest.Item]:
    """The tests by their files' durations; within a file as they stand in it."""
    return sorted(items, key=lambda item: -durations.get(file_of(item.nodeid), UNKNOWN_SECONDS))


class DurationRecorder:
    """Sums what set-up, call and tear-down of every test took, by file."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[file_of(report.nodeid)] += report.duration

    def pytest_sessionfinish(self) -> None:
        rounded = {name: round(seconds, 1) for name, seconds in sorted(self.seconds.items())}
        DURATIONS_FILE.write_text(json.dumps(rounded, indent=1) + "\n")
