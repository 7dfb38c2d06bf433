"""Programs for Node with what they need from npm, which is installed once for each lock file."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.shared import locked

SECONDS = 240
INSTALLED = Path(sys.prefix) / "node"  # beside the Python packages; make clean removes both


def with_packages(source: Path, folder: Path) -> Path:
    """A copy of a folder with its packages beside it; skips where that cannot be."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are missing; make system gets them where it may")
    shutil.copytree(source, folder)
    lock = (folder / "package-lock.json").read_bytes()
    packages = INSTALLED / hashlib.sha256(lock).hexdigest()[:16]
    INSTALLED.mkdir(exist_ok=True)
    with locked(packages.with_suffix(".lock")):
        if not packages.exists():
            install_packages(npm, folder, packages)
    (folder / "node_modules").symlink_to(packages / "node_modules")
    return folder


def install_packages(npm: str, program: Path, packages: Path) -> None:
    """Install what a program's lock file names; the folder is there when all of it is."""
    with tempfile.TemporaryDirectory(dir=packages.parent) as folder:
        made = Path(folder) / packages.name
        made.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(program / name, made)
        installed = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=made,
            check=False,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        if installed.returncode:
            pytest.skip(f"its packages cannot be installed: {installed.stderr[-200:]}")
        made.rename(packages)
