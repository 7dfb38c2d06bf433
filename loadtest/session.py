"""A load test as the command shows it: progress on stderr, the result on stdout."""

import json
import sys
from dataclasses import asdict

import httpx
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from framegate.loadtest.result import LoadResult, exit_code
from framegate.loadtest.run import LoadPlan, run_load_test
from framegate.loadtest.service.connection import ServiceConnection
from framegate.loadtest.watch import RequestTemplate
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.sdk.sdk import start_telemetry


def run_and_show(
    service: ServiceConnection,
    order: RequestTemplate,
    plan: LoadPlan,
    *,
    collector: str | None,
    as_json: bool,
) -> int:
    """Run, print, and return the exit code."""
    require_service(service)
    telemetry = start_telemetry("framegate-loadtest", endpoint=collector)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("clips played", total=plan.jobs)
        result = run_load_test(
            service,
            order,
            plan,
            telemetry=telemetry,
            progress=lambda done: progress.update(task, completed=done),
        )
    telemetry.shutdown()
    if as_json:
        sys.stdout.write(json.dumps(asdict(result)) + "\n")
    else:
        Console().print(result_table(result))
    return exit_code(result)


def require_service(service: ServiceConnection) -> None:
    """Raise InputError when the service cannot be reached, instead of counting failures.

    Services without ``/healthz`` say that they have none, which takes reaching them.
    """
    try:
        answer = service.get("/healthz", timeout=10)
    except (httpx.RequestError, ConnectionError) as error:
        said = service.hide(str(error))
        raise InputError(f"url {service.url}: the generator is not reachable: {said}") from error
    if answer.is_server_error:
        said = f"{service.url}: the generator is not ready: HTTP status {answer.status_code}"
        raise InputError(f"url {said}")


def result_table(result: LoadResult) -> Table:
    table = Table(title="Load test results", show_header=False, box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("", justify="right")
    outcomes = ", ".join(f"{count} {name}" for name, count in result.outcomes.items())
    rate = result.frames / result.duration_seconds if result.duration_seconds else 0.0
    rows = [
        ("clips", f"{result.jobs} of {result.planned}"),
        ("outcomes", outcomes or "none"),
        ("time to first playable p50, p95, p99", format_percentiles(result)),
        ("stalled clips", f"{result.stalled_jobs} ({result.stall_seconds:.2f} s in total)"),
        ("HTTP 429 responses", f"{result.throttled}"),
        ("duration", f"{result.duration_seconds:.1f} s, {rate:.0f} frames/s"),
    ]
    for row in rows:
        table.add_row(*row)
    return table


def format_percentiles(result: LoadResult) -> str:
    values = (result.ttfp_p50, result.ttfp_p95, result.ttfp_p99)
    return ", ".join("-" if value is None else f"{value * 1000:.0f} ms" for value in values)
