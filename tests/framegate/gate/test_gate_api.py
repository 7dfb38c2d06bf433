"""``framegate.gate`` for users of Python: what it exports, and what importing it costs."""

import subprocess
import sys

import pytest

import framegate.gate
from framegate.cli import app
from framegate.telemetry.platform.errors import InputError

HEAVY = ("numpy", "scipy", "pydantic", "yaml", "rich", "httpx")


def loaded_by(code: str) -> set[str]:
    """Which of the heavy packages a fresh interpreter has loaded after ``code``."""
    program = f"import sys; {code}; print(*[name for name in {HEAVY} if name in sys.modules])"
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, capture_output=True, check=True, text=True)
    return set(run.stdout.split())


def test_importing_the_gate_loads_nothing_heavy() -> None:
    assert loaded_by("import framegate.gate") == set()


def test_the_commands_load_no_numpy() -> None:
    assert not loaded_by("import framegate.gate.commands") & {"numpy", "scipy", "pydantic"}


def test_every_exported_name_exists() -> None:
    assert all(hasattr(framegate.gate, name) for name in framegate.gate.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:

    name = "jugde"
    with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
        getattr(framegate.gate, name)


@pytest.mark.parametrize(
    ("old", "new", "command"),
    [
        ("--at-once", "--concurrency", ["run", "--baseline", "./none", "--candidate", "ref-1"]),
        ("--again", "--runs", ["calibrate", "./none", "./none"]),
        ("--back", "--lookback-hours", ["watch", "--baseline", "a", "--candidate", "b"]),
    ],
)
def test_options_work_under_their_old_name_with_a_warning(
    old: str, new: str, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    more = ["--policy", "./none.yaml"] if command[0] == "watch" else []
    with pytest.raises(InputError, match="none"):
        app(["gate", *command, *more, old, "3"], standalone_mode=False)
    assert f"{old} is deprecated, use {new}" in capsys.readouterr().err
