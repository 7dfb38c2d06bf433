"""Old names of command-line options: they work for one more version and say so on stderr."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from typer.core import TyperCommand

AS_ARGUMENT = ""  # the new name of an option whose value is now a plain argument


def renamed_options(names: Mapping[str, str]) -> type[TyperCommand]:
    """A command class that accepts options under their old names.

    ``names`` maps an old name (``--old``) to the new one, or to AS_ARGUMENT. Old names are in no
    help text.
    """

    class CommandWithOldNames(TyperCommand):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            return super().parse_args(ctx, list(current_arguments(args, names)))

    return CommandWithOldNames


def current_arguments(arguments: Sequence[str], names: Mapping[str, str]) -> Iterator[str]:
    """The arguments with every old option name replaced; nothing after ``--`` is an option."""
    for number, argument in enumerate(arguments):
        if argument == "--":
            yield from arguments[number:]
            return
        name, sign, value = argument.partition("=")
        if name not in names:
            yield argument
            continue
        warn_renamed_option(name, names[name])
        if names[name] != AS_ARGUMENT:
            yield names[name] + sign + value
        elif sign:
            yield value


def warn_renamed_option(old: str, new: str) -> None:
    """Print one line on stderr; ``new`` may be AS_ARGUMENT."""
    advice = f"use {new}" if new else "give its value as an argument"
    sys.stderr.write(f"framegate: {old} is deprecated, {advice}\n")
