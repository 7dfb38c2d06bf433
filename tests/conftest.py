"""Fixtures that every room's tests use."""

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from framegate.gate.canary.endpoint import canary_service
from framegate.local.slo_engine import slo_service
from framegate.telemetry.client.collector_client import CollectorClient
from framegate.telemetry.platform.listen import App, listening_socket
from framegate.telemetry.server.collector import Collector, application
from tests.interrupt import end_processes_on_interrupt
from tests.processes import Mortal
from tests.schedule import (
    DURATIONS_FILE,
    WRITE_OPTION,
    DurationRecorder,
    longest_first,
    read_durations,
)

# Files of tests run side by side, each with processes of its own: more threads would only wait
# for each other. Of the processes that tests start, too.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# No test asks a server with a public certificate, and loading those takes a twentieth of a second
# for every httpx call: a folder without certificates takes none.
os.environ.setdefault("SSL_CERT_DIR", str(Path(__file__).parent))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(WRITE_OPTION, action="store_true", help=f"rewrite {DURATIONS_FILE.name}")


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    end_processes_on_interrupt()  # this is the process that the terminal's Ctrl-C is for
    if config.getoption(WRITE_OPTION):
        config.pluginmanager.register(DurationRecorder())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = longest_first(items, read_durations())


@dataclass(frozen=True, slots=True)
class RunningCollector:
    """A real collector listening on loopback."""

    url: str
    client: CollectorClient


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[RunningCollector]:
    """A collector over an empty store, served from a thread of this process, without SLO engine."""
    receiver = Collector(tmp_path / "store")
    with running(application(receiver, canary_service(receiver))) as started:
        yield started


@pytest.fixture
def judged_collector(tmp_path: Path) -> Iterator[RunningCollector]:
    """Such a collector with the SLO engine beside it, which judges the built-in objectives."""
    receiver = Collector(tmp_path / "store")
    engine = slo_service(receiver, specs=None, notify=None)
    with running(application(receiver, engine, canary_service(receiver))) as started:
        yield started


@contextmanager
def running(app: App) -> Iterator[RunningCollector]:
    with serving(app) as url, CollectorClient(url) as client:
        yield RunningCollector(url=url, client=client)


@contextmanager
def serving(app: App) -> Iterator[str]:
    """Serve an ASGI application on a free loopback port; yields its URL.

    The socket listens before the server runs, so early requests wait instead of failing.
    """
    open_socket = listening_socket("127.0.0.1", 0)
    port = open_socket.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[open_socket])), daemon=True
    )
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        open_socket.close()


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Mortal]:
    with listening_socket("127.0.0.1", 0) as listening:
        collector = Mortal(tmp_path / "store", listening)
        yield collector
        collector.process.terminate()
        assert collector.process.wait(timeout=30) in (0, -signal.SIGTERM)
