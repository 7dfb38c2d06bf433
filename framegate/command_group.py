"""The groups of commands: a module is imported when its command runs, not when it is listed."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from framegate.command_source import CommandSource, GroupSource
from framegate.command_table import COMMANDS
from framegate.telemetry.platform.deprecation import renamed_options


class CommandGroup(TyperGroup):
    """The commands of a table; at the root, all of them."""

    sources: Mapping[str, CommandSource | GroupSource] = COMMANDS

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Without an option before the command there is nothing to parse.

        Typer would import pydantic to find that ``--help`` was not given.
        """
        if not args or args[0].startswith("-"):
            return super().parse_args(ctx, args)
        ctx._protected_args, ctx.args = args[:1], args[1:]
        return args[1:]

    def list_commands(self, _: Any) -> list[str]:
        return list(self.sources)

    def get_command(self, _: Any, cmd_name: str) -> Any:
        source = self.sources.get(cmd_name)
        return None if source is None else load_command(cmd_name, source)

    def format_commands(self, _: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, source.help) for name, source in self.sources.items()])

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        from typer._click.shell_completion import CompletionItem

        return [
            CompletionItem(name, help=source.help)
            for name, source in self.sources.items()
            if name.startswith(incomplete)
        ]


def load_command(name: str, source: CommandSource | GroupSource) -> Any:
    """The command of a function, or a group that imports its commands when they run."""
    if isinstance(source, GroupSource):
        group = CommandGroup(
            name=name, help=source.help, no_args_is_help=True, rich_markup_mode=None
        )
        group.sources = source.commands
        return group
    module, _, function = source.place.partition(":")
    app = typer.Typer(rich_markup_mode=None)
    app.callback()(do_nothing)
    app.command(name, cls=renamed_options(source.renamed))(getattr(import_module(module), function))
    return get_group(app).commands[name]


def do_nothing() -> None:
    """A callback keeps a Typer application with one command a group."""
