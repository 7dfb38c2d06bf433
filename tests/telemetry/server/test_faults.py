"""Disks that fill up, turn read-only or refuse larger files, and clocks that jump."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from framegate.telemetry.client.collector_client import CollectorClient
from framegate.telemetry.otlp.bodies import PROTOBUF
from framegate.telemetry.platform.listen import LISTEN_FD, listening_socket, url_of
from tests.commands import run_process
from tests.telemetry.spans import body

MiB = 1024 * 1024
SMALL_DISK = 48 * MiB


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A memory disk of 48 MiB; skips where this user may not mount one."""
    folder.mkdir()
    options = f"size={SMALL_DISK}"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
        check=False,
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"a small disk needs root: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@dataclass(frozen=True, slots=True)
class Running:
    """A collector in a process of its own."""

    url: str
    pid: int


@contextmanager
def collector(data: Path, environment: Mapping[str, str] | None = None) -> Iterator[Running]:
    options = ("--data", str(data), "--grpc-port", "0", "--free-mb", "1")
    with listening_socket("127.0.0.1", 0) as listening:
        process = subprocess.Popen(
            [sys.executable, "-m", "framegate", "collector", *options],
            env={**os.environ, **(environment or {})} | {LISTEN_FD: str(listening.fileno())},
            pass_fds=[listening.fileno()],
        )
        running = Running(url_of(listening), process.pid)
    try:
        httpx.get(f"{running.url}/healthz", timeout=60).raise_for_status()
        yield running
    finally:
        process.terminate()
        assert process.wait(timeout=60) in (0, -signal.SIGTERM)


def post(url: str, number: int, *, spans_each: int = 2) -> httpx.Response:
    return httpx.post(
        f"{url}/v1/traces",
        content=body(1, number, spans_each=spans_each),
        headers={"content-type": PROTOBUF},
        timeout=60,
    )


def stored(url: str) -> set[str]:
    """The trace ids that the collector holds, each of which must be there once."""
    with CollectorClient(url) as client:
        spans = [(span.trace_id, span.span_id) for span in client.spans()]
    assert len(spans) == len(set(spans))
    return {trace_id for trace_id, _ in spans}


def trace_id(number: int) -> str:
    return ((1).to_bytes(8) + number.to_bytes(8)).hex()


def until_ready(url: str) -> None:
    deadline = time.monotonic() + 60
    while (answer := httpx.get(f"{url}/readyz", timeout=60)).status_code != 200:
        assert time.monotonic() < deadline, answer.text


def test_a_full_disk_is_said_and_survived(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk, collector(disk / "store") as running:
        assert post(running.url, 1).status_code == 200
        filler = disk / "filler"
        with filler.open("wb") as file:
            while shutil.disk_usage(disk).free > MiB // 2:
                file.write(b"\0" * 65_536)
                file.flush()
        refused = post(running.url, 2)
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        assert httpx.get(f"{running.url}/readyz").status_code == 503
        assert "framegate_collector_writable 0.0" in httpx.get(f"{running.url}/metrics").text
        assert stored(running.url) == {trace_id(1)}
        filler.unlink()
        assert post(running.url, 2).status_code == 200
        assert httpx.get(f"{running.url}/readyz").status_code == 200
        assert stored(running.url) == {trace_id(1), trace_id(2)}


def test_a_disk_that_fills_up_in_the_middle_of_a_commit_loses_nothing(tmp_path: Path) -> None:
    """No floor stands between this store and ENOSPC: all of the disk is used up by telemetry."""
    acknowledged = set()
    with small_disk(tmp_path / "disk") as disk, collector(disk / "store") as running:
        filler = disk / "filler"
        filler.write_bytes(b"\0" * (SMALL_DISK - 4 * MiB))
        for number in range(1, 2000):
            answer = post(running.url, number, spans_each=1000)
            if answer.status_code == 200:
                acknowledged.add(trace_id(number))
            else:
                assert answer.status_code == 503
                break
        else:
            pytest.fail("the disk never filled up")
        filler.unlink()
        until_ready(running.url)
        assert post(running.url, 3000).status_code == 200
        assert acknowledged <= stored(running.url)


def test_writes_that_fail_are_503_until_they_succeed(tmp_path: Path) -> None:
    """A file size limit makes every write fail, as a quota or a dying disk does."""
    with collector(tmp_path / "store") as running:
        assert post(running.url, 1).status_code == 200
        soft, hard = resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (1, -1))
        refused = [post(running.url, number).status_code for number in (2, 3)]
        assert refused == [503, 503]
        assert httpx.get(f"{running.url}/readyz").status_code == 503
        assert stored(running.url) == {trace_id(1)}
        resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (soft, hard))
        until_ready(running.url)
        assert [post(running.url, number).status_code for number in (2, 3)] == [200, 200]
        assert stored(running.url) == {trace_id(number) for number in (1, 2, 3)}


def test_a_read_only_disk_is_refused_at_the_start(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        ports = ("--grpc-port", "0", "--http-port", "0")
        ended = run_process("collector", "--data", str(disk / "store"), *ports)
    assert ended.exit_code == 2
    assert "Read-only file system" in ended.stderr


def clock(file: Path) -> dict[str, str]:
    """The environment of a process whose clock is as far off as the file says at that moment."""
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not libraries:
        pytest.skip("libfaketime is missing; make system gets it where it may")
    file.write_text("+0d")
    return {
        "LD_PRELOAD": str(libraries[0]),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def test_a_clock_that_jumps_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    clock_file = tmp_path / "clock"
    environment = clock(clock_file)
    numbers = []
    with collector(tmp_path / "store", environment) as running:
        for number, offset in enumerate(("+0d", "+400d", "-400d", "+0d"), start=1):
            clock_file.write_text(offset)
            assert post(running.url, number).status_code == 200
            assert post(running.url, 1).status_code == 200
            numbers.append(number)
            assert stored(running.url) == {trace_id(seen) for seen in numbers}
    with collector(tmp_path / "store", environment) as running:
        assert post(running.url, 1).status_code == 200
        assert stored(running.url) == {trace_id(seen) for seen in numbers}
