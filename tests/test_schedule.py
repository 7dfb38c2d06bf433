"""The order in which test files run."""

import os
import subprocess
import sys
from pathlib import Path

from tests.schedule import DURATIONS_FILE, read_durations

ROOT = Path(__file__).parents[1]
CONFTEST = """
from tests.schedule import longest_first

def pytest_collection_modifyitems(items):
    items[:] = longest_first(items, {"test_a.py": 1.0, "test_c.py": 60.0})
"""


def test_the_longest_file_comes_first_and_its_tests_stay_in_order(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "conftest.py").write_text(CONFTEST)
    for name in ("a", "b", "c"):
        (tmp_path / f"test_{name}.py").write_text("def test_z(): ...\ndef test_y(): ...\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), *sys.path]))},
        check=True,
        capture_output=True,
        text=True,
    )
    collected = [line for line in done.stdout.splitlines() if "::" in line]
    assert collected == [f"test_{name}.py::test_{test}" for name in "cba" for test in "zy"]


def test_every_measured_file_exists() -> None:
    missing = [name for name in read_durations() if not (ROOT / name).is_file()]
    assert not missing, f"take them out of {DURATIONS_FILE.name}, or run `make durations`"
