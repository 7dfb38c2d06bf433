"""Options under their old names."""

from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from framegate.telemetry.platform.deprecation import (
    AS_ARGUMENT,
    current_arguments,
    renamed_options,
)

RENAMED = {"--old": "--new", "--file": AS_ARGUMENT}
app = typer.Typer()


@app.command(cls=renamed_options(RENAMED))
def show(files: list[str], new: Annotated[int, typer.Option(help="A number.")] = 1) -> None:
    typer.echo(f"{files} {new}")


@pytest.mark.parametrize(
    ("arguments", "shown", "warnings"),
    [
        (("a", "b", "--new", "2"), "['a', 'b'] 2", ""),
        (("a", "--old", "2"), "['a'] 2", "framegate: --old is deprecated, use --new\n"),
        (("a", "--old=2"), "['a'] 2", "framegate: --old is deprecated, use --new\n"),
        (
            ("--file", "a", "--file=b"),
            "['a', 'b'] 1",
            "framegate: --file is deprecated, give its value as an argument\n" * 2,
        ),
        (("--", "--old", "a"), "['--old', 'a'] 1", ""),
    ],
)
def test_an_old_name_works_and_says_so(
    arguments: tuple[str, ...], shown: str, warnings: str
) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert (result.stdout.strip(), result.stderr) == (shown, warnings)


def test_an_old_name_is_in_no_help_text() -> None:
    text = CliRunner().invoke(app, ["--help"]).stdout
    assert "--new" in text
    assert "--old" not in text


def test_other_arguments_are_untouched() -> None:
    assert list(current_arguments(["--other=--old", "x"], RENAMED)) == ["--other=--old", "x"]
