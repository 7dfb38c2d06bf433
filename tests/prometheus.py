"""A real Prometheus that scrapes what a test tells it to, and a real Alertmanager."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import yaml

UNPACKED = Path(sys.prefix) / "programs" / "usr" / "bin"  # by tests/system.sh
SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Prometheus:
    url: str

    def get(self, path: str, **parameters: str | float) -> Any:
        answer = httpx.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=30)
        return answer.raise_for_status().json()["data"]

    def until(self, path: str, **parameters: str | float) -> Any:
        """The answer as soon as it is not empty."""
        deadline = time.monotonic() + SECONDS
        while True:
            found = self.get(path, **parameters)
            found = found["result"] if isinstance(found, dict) else found
            if found:
                return found
            assert time.monotonic() < deadline, f"{path} {parameters} stays empty"


@contextmanager
def running_prometheus(
    folder: Path, targets: Mapping[str, str], *, rules: str | None = None
) -> Iterator[Prometheus]:
    """Scrapes every target, a URL by its job name, each second; skips where there is none.

    ``rules`` are those of a file, evaluated each second too.
    """
    program = program_of("prometheus")
    config: dict[str, Any] = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "scrape_configs": [
            {"job_name": name, "static_configs": [{"targets": [urlsplit(url).netloc]}]}
            for name, url in targets.items()
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    if rules:
        (folder / "rules.yml").write_text(rules)
        config["rule_files"] = ["rules.yml"]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    process = subprocess.Popen(
        [
            program,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            "--storage.tsdb.retention.time=90d",
            f"--web.listen-address={address}",
            "--enable-feature=exemplar-storage",
            "--log.level=warn",
        ]
    )
    try:
        wait_ready(f"http://{address}", process)
        yield Prometheus(f"http://{address}")
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)


@contextmanager
def running_alertmanager(folder: Path, config: Mapping[str, Any]) -> Iterator[str]:
    """Yields its URL; skips where there is none."""
    program = program_of("prometheus-alertmanager")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(dict(config)))
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    process = subprocess.Popen(
        [
            program,
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={address}",
            "--cluster.listen-address=",
            "--log.level=warn",
        ]
    )
    try:
        wait_ready(f"http://{address}", process)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)


def program_of(name: str) -> str:
    """Where a program is; skips the test where there is none."""
    unpacked = UNPACKED / name
    found = shutil.which(name) or (str(unpacked) if unpacked.exists() else None)
    if found is None:
        pytest.skip(f"{name} is missing; make system gets it where it may")
    return found


def wait_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        assert process.poll() is None, f"{url} ended"
        try:
            if httpx.get(f"{url}/-/ready").status_code == 200:
                return
        except httpx.TransportError:
            assert time.monotonic() < deadline, f"{url} never answered"
