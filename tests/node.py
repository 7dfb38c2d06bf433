"""Programs for Node with what they need from npm, installed for a test."""

import shutil
import subprocess
from pathlib import Path

import pytest

SECONDS = 240


def with_packages(source: Path, folder: Path) -> Path:
    """A copy of a folder with its packages installed; skips where that cannot be."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are missing; make system gets them where it may")
    shutil.copytree(source, folder)
    installed = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    if installed.returncode:
        pytest.skip(f"its packages cannot be installed: {installed.stderr[-200:]}")
    return folder
