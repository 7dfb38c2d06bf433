"""The framegate command: the rooms' verbs under one name, and one place for exit codes."""

import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from dashboards.cli import dashboards
from framegate.baseline_cli import app as baseline
from framegate.collect import collector
from framegate.gate_cli import app as gate
from framegate.lifeline import end_with_parent
from generator.cli import generator
from loadtest.cli import app as loadtest
from quality.cli import app as quality
from quality.drift_cli import drift
from quality.explain_cli import explain, explain_job
from quality.worker_cli import batch, worker
from slo.cli import app as slo
from telemetry.errors import InputError
from telemetry.store_cli import app as telemetry

EXIT_INPUT = 2
EXIT_BROKEN = 4

app = typer.Typer(
    help="Is the service healthy, is the next model as good, will it hold under load?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
quality.command("explain")(explain)
quality.command("explain-job")(explain_job)
quality.command("batch")(batch)
quality.command("worker")(worker)
quality.command("drift")(drift)
app.command()(collector)
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
    from framegate.demo import run_demo

    run_demo(folder, keep=keep)


def main() -> None:
    """Run the command; every failure becomes one message on stderr and an exit code."""
    end_with_parent()
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except InputError as error:
        fail(str(error), EXIT_INPUT)
    except OSError as error:
        fail(str(error), EXIT_BROKEN)
    except Exception:  # noqa: BLE001 - whatever it is, exit code 1 would read as a verdict
        traceback.print_exc()
        sys.exit(EXIT_BROKEN)


def fail(message: str, code: int) -> None:
    sys.stderr.write(f"framegate: {message}\n")
    sys.exit(code)
