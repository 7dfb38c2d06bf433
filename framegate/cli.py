"""The framegate command: the rooms' verbs under one name, and one place for exit codes."""

import os
import sys
import traceback
from collections.abc import Sequence

import typer

from framegate.command_group import CommandGroup
from framegate.completion_command import COMPLETE_VARIABLE, PROGRAM
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.extras import missing_extra_line, missing_module
from framegate.telemetry.platform.lifeline import end_with_parent
from framegate.telemetry.platform.verdict import ExitCode

app = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # help in boxes takes twice as long to start
    add_completion=False,  # `framegate completion` prints the script
)


@app.callback()
def framegate() -> None:
    """Is the service healthy, is the next model as good, will it hold under load?"""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command; every failure becomes one message on stderr and an exit code.

    ``argv`` are the words after ``framegate``; without it, those of this process.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    end_with_parent()
    if argv is None:  # processes that this one starts do not import from the current folder
        os.environ["PYTHONSAFEPATH"] = "1"
    if COMPLETE_VARIABLE in os.environ:
        from typer._completion_classes import completion_init

        completion_init()
    try:
        app(arguments, prog_name=PROGRAM)
    except KeyboardInterrupt:
        sys.exit(130)
    except InputError as error:
        fail(str(error), ExitCode.INPUT)
    except ImportError as error:
        fail_import(error, arguments)
    except OSError as error:
        fail(str(error), ExitCode.BROKEN)
    except Exception:  # noqa: BLE001 - whatever it is, exit code 1 would read as a verdict
        traceback.print_exc()
        sys.exit(ExitCode.BROKEN)


def fail_import(error: ImportError, arguments: Sequence[str]) -> None:
    """One line for a package that an extra brings; anything else is a broken tool."""
    line = missing_extra_line(missing_module(error), arguments)
    if line is None:
        traceback.print_exception(error)
        sys.exit(ExitCode.BROKEN)
    sys.stderr.write(f"{line}\n")
    sys.exit(ExitCode.INPUT)


def fail(message: str, code: int) -> None:
    sys.stderr.write(f"framegate: {message}\n")
    sys.exit(code)
