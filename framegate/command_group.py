"""The commands by name: a module is imported when its command runs, not when it is listed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from framegate.telemetry.platform.deprecation import renamed_options


@dataclass(frozen=True, slots=True)
class CommandSource:
    """Where a command is defined, and its line in the list of commands (a test compares both)."""

    module: str
    name: str
    help: str
    renamed: Mapping[str, str] = field(default_factory=dict)  # options by their old name


COMMANDS: Mapping[str, CommandSource] = {
    "demo": CommandSource(
        "framegate.local.demo_command",
        "demo",
        "Run everything on this machine: a dozen prompts on two models, scored and judged.",
    ),
    "collector": CommandSource(
        "framegate.local.collector_command",
        "collector",
        "Receive OTLP over HTTP and gRPC, store it, serve queries, and evaluate objectives.",
        renamed={"--keep": "--retain"},
    ),
    "generator": CommandSource(
        "framegate.generator.service.commands",
        "generator",
        "Run the reference generator; "
        "its signals go to OTEL_EXPORTER_OTLP_ENDPOINT if that is set.",
    ),
    "dashboards": CommandSource(
        "framegate.dashboards.commands",
        "dashboards",
        "Serve the dashboard: objectives, latency, scores, clips.",
    ),
    "quality": CommandSource(
        "framegate.quality_commands", "app", "Score clips against their references."
    ),
    "gate": CommandSource(
        "framegate.gate.commands",
        "app",
        "Block a release when the candidate model is worse than the baseline.",
    ),
    "baseline": CommandSource(
        "framegate.gate.baseline_commands",
        "app",
        "Record, show and verify baselines.",
    ),
    "slo": CommandSource(
        "framegate.slo.commands.commands",
        "app",
        "Objectives, error budgets, burn rates and alerts.",
    ),
    "loadtest": CommandSource(
        "framegate.loadtest.commands",
        "app",
        "Generate load and measure playback as viewers see it.",
    ),
    "telemetry": CommandSource(
        "framegate.telemetry.offline.commands",
        "app",
        "Work on a store offline, or serve queries from ClickHouse.",
    ),
    "doctor": CommandSource(
        "framegate.doctor_command",
        "doctor",
        "Check this installation: extras, ports, folders, clock, compiled code, programs.",
    ),
    "completion": CommandSource(
        "framegate.completion_command", "completion", "Print the completion script of a shell."
    ),
}


class PlainGroup(TyperGroup):
    """A group that has no options of its own, and lists whole sentences."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Without an option before the command there is nothing to parse.

        Typer would import pydantic to find that ``--help`` was not given.
        """
        if not args or args[0].startswith("-"):
            return super().parse_args(ctx, args)
        ctx._protected_args, ctx.args = args[:1], args[1:]
        return args[1:]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        shown = [(name, one) for name, one in commands.items() if one and not one.hidden]
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.get_short_help_str(1000)) for name, one in shown])


class CommandGroup(PlainGroup):
    """The root of the command line."""

    def list_commands(self, _: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _: Any, cmd_name: str) -> Any:
        source = COMMANDS.get(cmd_name)
        return None if source is None else load_command(cmd_name, source)

    def format_commands(self, _: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, source.help) for name, source in COMMANDS.items()])

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        from typer._click.shell_completion import CompletionItem

        return [
            CompletionItem(name, help=source.help)
            for name, source in COMMANDS.items()
            if name.startswith(incomplete)
        ]


def load_command(name: str, source: CommandSource) -> Any:
    """The command of a function, or the group of a Typer application."""
    found = getattr(import_module(source.module), source.name)
    app = typer.Typer(rich_markup_mode=None)
    app.callback()(lambda: None)
    if isinstance(found, typer.Typer):
        app.add_typer(found, name=name, cls=PlainGroup)
        for inner in found.registered_groups:
            inner.cls = PlainGroup
    else:
        app.command(name, cls=renamed_options(source.renamed))(found)
    return get_group(app).commands[name]
