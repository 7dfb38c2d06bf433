"""The collector's own log."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from framegate.telemetry.otlp.bodies import PROTOBUF
from framegate.telemetry.platform.listen import LISTEN_FD, listening_socket, url_of

TOKEN = "ingest-token-0123456789"


def test_every_line_is_an_object_and_none_holds_a_token(tmp_path: Path) -> None:
    with listening_socket("127.0.0.1", 0) as listening:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "framegate", "collector", "--grpc-port", "0"),
                *("--data", str(tmp_path / "store")),
            ],
            env={
                **os.environ,
                LISTEN_FD: str(listening.fileno()),
                "FRAMEGATE_TOKENS": f"ingest {TOKEN}",
            },
            pass_fds=[listening.fileno()],
            stderr=subprocess.PIPE,
            text=True,
        )
        url = url_of(listening)
    for headers in ({"authorization": f"Bearer {TOKEN}"}, {"authorization": "Bearer wrong"}):
        httpx.post(f"{url}/v1/traces", headers={"content-type": PROTOBUF} | headers, timeout=60)
    process.send_signal(signal.SIGTERM)
    _, text = process.communicate(timeout=60)
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["event"] for line in lines] == [
        "span reader ready",
        "collector listening",
        "store closed",
    ]
    assert all({"level", "logger", "timestamp"} <= set(line) for line in lines)
    assert lines[1]["http"] == url
    assert lines[1]["grpc_port"] > 0
    assert TOKEN not in text


def test_a_failure_is_logged_with_its_cause(tmp_path: Path) -> None:
    code = (
        "import logging; from framegate.telemetry.platform.logs import configure_logging\n"
        "configure_logging()\n"
        "secret = 'local-secret'\n"
        "try: 1 / 0\n"
        "except ZeroDivisionError: logging.getLogger('telemetry.x').exception('not stored')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    (line,) = [json.loads(line) for line in done.stderr.splitlines()]
    assert (line["event"], line["level"]) == ("not stored", "error")
    assert line["exception"][0]["exc_type"] == "ZeroDivisionError"
    assert "local-secret" not in done.stderr
