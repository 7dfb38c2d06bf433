"""framegate doctor: what is installed, and what a first start would stumble over."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from framegate.doctor import (
    CheckLevel,
    Diagnosis,
    diagnose_clock,
    diagnose_extras,
    diagnose_folder,
    diagnose_port,
    diagnose_program,
)
from framegate.telemetry.otlp import span_scan
from framegate.telemetry.platform.extras import EXTRAS
from tests.commands import run_command
from tests.volume import draws_all


def test_the_doctor_fits_80_columns_and_finds_nothing_wrong_here(tmp_path: Path) -> None:
    done = run_command("doctor", cwd=tmp_path)
    assert (done.exit_code, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    for shown in ("extras", "quality", "4317", "folders", "clock", "numba", "ffmpeg", "chromium"):
        assert shown in done.stdout


def test_the_doctors_document_has_every_check_and_versions(tmp_path: Path) -> None:
    done = run_command("doctor", "--json", cwd=tmp_path)
    document = json.loads(done.stdout)
    areas = {one["area"] for one in document["checks"]}
    wanted = {"installed", "extras", "ports", "folders", "clock", "compiled code", "programs"}
    assert areas == wanted
    assert {one["level"] for one in document["checks"]} <= {"ok", "note", "problem"}
    assert document["versions"]["typer"][0].isdigit()


def test_every_extra_of_the_tests_environment_is_installed() -> None:
    found = {one.name: one.level for one in diagnose_extras()}
    assert found == dict.fromkeys(EXTRAS, CheckLevel.OK)


def test_a_port_in_use_is_a_note_and_a_free_one_is_ok() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert diagnose_port(port, "collector").level is CheckLevel.NOTE
    assert diagnose_port(port, "collector").level is CheckLevel.OK


def test_a_folder_that_is_gone_is_a_problem(tmp_path: Path) -> None:
    found = diagnose_folder("current folder", tmp_path / "gone")
    assert found.level is CheckLevel.PROBLEM
    assert "gone" in found.detail


@pytest.mark.parametrize("seconds", [-3600.0, 3600.0])
def test_a_clock_far_from_the_file_systems_is_a_problem(seconds: float) -> None:
    assert diagnose_clock(lambda: time.time() + seconds).level is CheckLevel.PROBLEM
    assert diagnose_clock(time.time).level is CheckLevel.OK


def test_a_program_that_is_missing_is_a_note() -> None:
    found = diagnose_program("nothing", ("no-such-program",))
    assert found == Diagnosis(
        "programs", "nothing", CheckLevel.NOTE, "not found; only tests use it"
    )


def test_an_empty_cache_is_said_and_filled(tmp_path: Path) -> None:
    """numba keeps its code where NUMBA_CACHE_DIR says, which is empty at first.

    In CI all of it is compiled; elsewhere the metrics', and the collector's is the tests' own.
    """
    cache = tmp_path / "cache"

    def numba_after(*options: str) -> str:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "framegate", "doctor", "--json", *options],
            env={**os.environ, "NUMBA_CACHE_DIR": str(cache)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        checks = json.loads(done.stdout)["checks"]
        (detail,) = [one["detail"] for one in checks if one["name"] == "numba"]
        return str(detail)

    assert "the first start compiles" in numba_after()
    assert not list(cache.rglob("*.nb[ic]"))
    if not draws_all():
        (collectors,) = cache.glob("otlp_*")
        for loop in Path(span_scan.__file__).parent.glob("__pycache__/*.nb[ic]"):
            shutil.copy2(loop, collectors)
    assert numba_after("--compile").endswith(": complete")
