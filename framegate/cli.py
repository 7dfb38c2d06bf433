"""The framegate command: the rooms' verbs under one name, and one place for exit codes."""

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from framegate.dashboards.commands import dashboards
from framegate.gate.baseline_commands import app as baseline
from framegate.gate.commands import app as gate
from framegate.generator.service.commands import generator
from framegate.loadtest.commands import app as loadtest
from framegate.local.collector_command import collector
from framegate.quality.scoring.commands import app as quality
from framegate.quality.scoring.explain_commands import explain, explain_job
from framegate.quality.worker.commands import RENAMED as SCORING_RENAMED
from framegate.quality.worker.commands import batch, worker
from framegate.quality.worker.drift_commands import drift
from framegate.slo.commands.commands import app as slo
from framegate.telemetry.offline.commands import app as telemetry
from framegate.telemetry.platform.deprecation import renamed_options
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.extras import missing_extra_line, missing_module
from framegate.telemetry.platform.lifeline import end_with_parent
from framegate.telemetry.platform.verdict import ExitCode

app = typer.Typer(
    help="Is the service healthy, is the next model as good, will it hold under load?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
quality.command("explain")(explain)
quality.command("explain-job")(explain_job)
quality.command("batch", cls=renamed_options(SCORING_RENAMED))(batch)
quality.command("worker", cls=renamed_options(SCORING_RENAMED))(worker)
quality.command("drift")(drift)
app.command(cls=renamed_options({"--keep": "--retain"}))(collector)
app.command()(generator)
app.command()(dashboards)
app.add_typer(quality, name="quality")
app.add_typer(gate, name="gate")
app.add_typer(baseline, name="baseline")
app.add_typer(slo, name="slo")
app.add_typer(loadtest, name="loadtest")
app.add_typer(telemetry, name="telemetry")


@app.command()
def demo(
    keep: Annotated[bool, typer.Option(help="Stay up until Ctrl-C.")] = False,
    folder: Annotated[Path, typer.Option(help="Where store, clips and logs go.")] = Path(
        "demo-run"
    ),
) -> None:
    """Run everything on this machine: a dozen prompts on two models, scored and judged."""
    from framegate.local.demo import run_demo

    run_demo(folder, keep=keep)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command; every failure becomes one message on stderr and an exit code.

    ``argv`` are the words after ``framegate``; without it, those of this process.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    end_with_parent()
    try:
        app(arguments, prog_name="framegate")
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
