"""The conformance kit itself: it checks any endpoint, and it can fail."""

import os
import re
import subprocess
import sys
from pathlib import Path

from bench.telemetry import PEER, running

KIT = Path(__file__).parents[1] / "conformance"
# What a receiver that was written in an afternoon does not do.
MISSED = {
    "test_gzip_is_understood",
    "test_a_json_request_is_acknowledged",
    "test_a_body_that_is_not_protobuf_is_refused_for_good",
    "test_other_content_types_are_not_supported",
}


def test_the_kit_checks_a_foreign_endpoint_and_finds_what_it_lacks(tmp_path: Path) -> None:
    with running(PEER, tmp_path / "store") as url:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", str(KIT)],
            env=os.environ | {"OTLP_HTTP": url, "OTLP_LIMIT_BYTES": str(2**20)},
            check=False,
            capture_output=True,
            text=True,
            timeout=200,
        )
    assert done.returncode == 1, done.stdout
    failed = set(re.findall(r"^FAILED \S+::(test_\w+)", done.stdout, re.MULTILINE))
    assert failed >= MISSED
    assert "OTLP_GRPC names no endpoint" in done.stdout
    assert not failed & {"test_an_overloaded_endpoint_says_when_to_come_back"}
