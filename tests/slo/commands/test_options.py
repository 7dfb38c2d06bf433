"""Files of objectives as arguments, and options that had other names."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from framegate.cli import app
from tests.slo.specs import write

DAYS = {"days": 1, "jobs_per_minute": 20, "bad_ratio": 0.3}


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["slo", *arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("command", ["rules", "list", "routes"])
def test_objectives_are_read_from_files_given_as_arguments(tmp_path: Path, command: str) -> None:
    paths = [str(write(tmp_path, name)) for name in ("one", "two")]
    code, text, warnings = run(command, *paths)
    assert (code, warnings) == (0, "")
    assert ("one" in text and "two" in text) or command == "routes"
    old_code, old_text, warnings = run(command, "--spec", paths[0], f"--spec={paths[1]}")
    assert (old_code, old_text) == (0, text)
    assert warnings == ("framegate: --spec is deprecated, give its value as an argument\n" * 2)


def test_a_backtest_reads_files_and_takes_its_old_options(tmp_path: Path) -> None:
    spec, days = str(write(tmp_path, "jobs")), tmp_path / "days.yaml"
    days.write_text(yaml.safe_dump(DAYS))
    code, text, _ = run("backtest", spec, "--scenario", str(days), "--json")
    assert code == 0
    assert [one["objective"] for one in json.loads(text)["objectives"]] == ["jobs"]
    old = ("--spec", spec, "--least-recall", "0.5", "--least-precision=0")
    code, _, warnings = run("backtest", *old, "--scenario", str(days))
    assert code == 3
    assert warnings.splitlines()[1:] == [
        "framegate: --least-recall is deprecated, use --min-recall",
        "framegate: --least-precision is deprecated, use --min-precision",
    ]


def test_lint_takes_its_old_options(tmp_path: Path) -> None:
    spec = str(write(tmp_path, "jobs"))
    code, text, warnings = run("lint", spec, "--times", "--jobs-per-day", "20000")
    assert (code, warnings) == (0, "framegate: --times is deprecated, use --alert-timing\n")
    assert "page-fast" in text
