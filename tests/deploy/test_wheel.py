"""The wheel as a user gets it: one name, and no folder of the user's is taken for a part of it."""

import json
import os
import re
import shutil
import signal
import site
import subprocess
import sys
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from tests.demo_process import lines_until, running_demo
from tests.processes import descendants, ended

ROOT = Path(__file__).parents[2]
HOSTILE = (
    "framegate.py",
    "telemetry.py",
    "torch.py",
    "numpy.py",
    "quality/__init__.py",
    "generator/__init__.py",
    "slo/__init__.py",
    "loadtest/__init__.py",
    "dashboards/__init__.py",
)
PLACE = re.compile(r"^(clips|logs|dashboard|collector|generator) +(\S+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-P", "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment's programs: the wheel, and the libraries of the tests' environment.

    A folder named in a .pth file is searched, but its own .pth files are not read, so the
    editable framegate of the tests is not found there.
    """
    folder = tmp_path_factory.mktemp("clean") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "libraries.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    command = ("-m", "pip", "--python", str(folder / "bin" / "python"))
    options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--force-reinstall")
    subprocess.run(
        [sys.executable, *command, "install", *options, str(wheel)],
        check=True,
        capture_output=True,
        env=clean_environment(),
    )
    copy_compiled_loops(packages)
    return folder / "bin"


def copy_compiled_loops(packages: Path) -> None:
    """The machine code of the tests' own framegate: compiling it again takes a minute.

    numba takes it for the wheel's as long as size and time of the module's file are the same.
    """
    for target in packages.glob("framegate/**/*.py"):
        source = ROOT / "src" / target.relative_to(packages)
        if loops := list(source.parent.glob(f"__pycache__/{source.stem}.*.nb[ic]")):
            target.parent.joinpath("__pycache__").mkdir(exist_ok=True)
            shutil.copystat(source, target)
            for kept in loops:
                shutil.copy2(kept, target.parent / "__pycache__")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder whose files have the names of ours and of libraries, and end who imports them."""
    for name in HOSTILE:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"raise SystemExit('{name} of the current folder was imported')\n")
    return tmp_path


def clean_environment() -> Mapping[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "PYTHONSAFEPATH", "PYTHONHOME")
    }


def test_the_wheel_has_one_name_and_all_that_is_read_at_run_time(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    folders = {name.split("/")[0] for name in names}
    assert {name for name in folders if not name.endswith(".dist-info")} == {"framegate"}
    assert "framegate/py.typed" in names
    endings = {Path(name).suffix for name in names}
    assert {".py", ".sql", ".yaml", ".safetensors", ".html"} <= endings
    assert not [name for name in names if Path(name).name.startswith("test_") or ".pyc" in name]


def headings(text: str) -> set[str]:
    """Titles and column heads of the tables in a text."""
    plain = {" ".join(line.split()) for line in text.splitlines() if line.startswith(" ")}
    return {line for line in plain if line and not any(c.isdigit() or c == "─" for c in line)}


def test_the_demo_runs_in_a_folder_of_hostile_names(programs: Path, hostile: Path) -> None:
    """It ends with tables, a verdict and pages that answer until Ctrl-C."""
    command = (str(programs / "framegate"), "demo", "--folder", "run", "--keep", "--seconds", "1")
    with running_demo(command, cwd=hostile, environment=clean_environment()) as process:
        said = "\n".join(lines_until(process, "stays up until Ctrl-C"))
        children = descendants(process.pid)
        places = dict(PLACE.findall(said))
        urls = [places[name] for name in ("dashboard", "collector", "generator")]
        assert httpx.get(urls[0]).status_code == 200
        assert [httpx.get(f"{url}/healthz").text for url in urls[1:]] == ["ok", "ok"]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    assert ended(children)
    for url in urls:
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/healthz")
    logs = {path.stem: path.read_text() for path in Path(places["logs"]).iterdir()}
    assert set(logs) == {"collector", "generator", "quality-worker", "dashboard"}
    assert [name for name, text in logs.items() if "Traceback" in text] == []
    assert len(list(Path(places["clips"]).glob("**/*.mp4"))) >= 24
    assert said.count("\ncomplete ") + said.startswith("complete ") == 24
    shown = re.findall(r"^```text\n(.*?)```", (ROOT / "README.md").read_text(), re.M | re.S)
    assert headings(shown[0])
    assert headings(shown[0]) <= headings(said)
    assert re.search(r"^ ref-2-draft +12 ", said, re.M)
    assert "\nFAIL: ssim_wang_rgb_v1" in said


def test_python_m_takes_no_folder_of_the_user_for_a_part(programs: Path, hostile: Path) -> None:
    (hostile / "framegate.py").unlink()  # `python -m framegate` would run that one itself
    done = subprocess.run(
        [str(programs / "python"), "-m", "framegate", "quality", "metrics"],
        cwd=hostile,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "ssim_wang_rgb_v1" in done.stdout


def test_the_wheel_names_its_extras(programs: Path) -> None:
    code = (
        "import json; from importlib.metadata import metadata\n"
        "print(json.dumps(metadata('framegate').get_all('Provides-Extra')))"
    )
    done = subprocess.run(
        [str(programs / "python"), "-P", "-c", code],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert {"gate", "quality", "collector", "all"} <= set(json.loads(done.stdout))
