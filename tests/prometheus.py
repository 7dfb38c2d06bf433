"""A real Prometheus that scrapes what a test tells it to."""

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

UNPACKED = Path(sys.prefix) / "programs" / "usr" / "bin" / "prometheus"  # by tests/system.sh
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
def running_prometheus(folder: Path, targets: Mapping[str, str]) -> Iterator[Prometheus]:
    """Scrapes every target, a URL by its job name, each second; skips where there is none."""
    program = shutil.which("prometheus") or (str(UNPACKED) if UNPACKED.exists() else None)
    if program is None:
        pytest.skip("prometheus is missing; make system gets it where it may")
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [
            {"job_name": name, "static_configs": [{"targets": [urlsplit(url).netloc]}]}
            for name, url in targets.items()
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    process = subprocess.Popen(
        [
            program,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address}",
            "--enable-feature=exemplar-storage",
            "--log.level=warn",
        ]
    )
    try:
        wait_ready(f"http://{address}")
        yield Prometheus(f"http://{address}")
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)


def wait_ready(url: str) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            if httpx.get(f"{url}/-/ready").status_code == 200:
                return
        except httpx.TransportError:
            assert time.monotonic() < deadline, f"{url} never answered"
