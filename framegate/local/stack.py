"""The local stack: collector, generator, quality worker and dashboard on free loopback ports."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from framegate.local.children import (
    Child,
    WaitingCallback,
    ignore_waiting,
    start_child,
    stop_children,
)
from framegate.telemetry.client.collector_url import COLLECTOR_VARIABLE, ENDPOINT_VARIABLE

PRICE_PER_HOUR = "2"  # of one worker; what two rented cores cost is less

ReadyCallback = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Stack:
    """Where the running services are."""

    collector_url: str
    generator_url: str
    worker_url: str
    dashboard_url: str
    clips: Path
    logs: Path
    worker_processor_seconds: Callable[[], float]  # so far


def ignore_name(_: str) -> None:
    """Tell nobody."""


@contextmanager
def running_stack(
    folder: Path,
    *,
    tell: ReadyCallback = ignore_name,
    waiting: WaitingCallback = ignore_waiting,
) -> Iterator[Stack]:
    """Start everything, yield when it answers, and stop every process on the way out.

    ``folder`` receives the store, the clips and one log per service.
    ``tell`` is called with the name of each service when it is ready, ``waiting`` every few
    seconds with the name of the one that is not ready yet and its processor time.
    """
    logs, clips = folder / "logs", folder / "clips"
    logs.mkdir(parents=True, exist_ok=True)
    children: list[Child] = []

    def start(name: str, *arguments: str, environment: Mapping[str, str]) -> Child:
        child = start_child(name, arguments, log=logs / f"{name}.log", environment=environment)
        children.append(child)
        return child

    try:
        store = str(folder / "store")
        collector = start(
            "collector", "collector", "--data", store, "--grpc-port", "0", environment={}
        )
        # Both: a variable of the shell that starts the stack must not lead a service elsewhere.
        sends = {ENDPOINT_VARIABLE: collector.url, COLLECTOR_VARIABLE: collector.url}
        generator = start(
            "generator",
            "generator",
            "--artifacts",
            str(clips),
            "--spool",
            str(folder / "spool"),
            "--price-per-hour",
            PRICE_PER_HOUR,
            environment=sends,
        )
        worker = start("quality-worker", "quality", "worker", environment=sends)
        dashboard = start("dashboard", "dashboards", environment=sends)
        for child in children:
            child.wait_ready(waiting=waiting)
            tell(child.name)
        yield Stack(
            collector.url,
            generator.url,
            worker.url,
            dashboard.url,
            clips,
            logs,
            lambda: worker.progress().processor_seconds,
        )
    finally:
        stop_children(children)
