"""The snippets of 'Connect your own generator', run as they stand."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from framegate.telemetry.client.collector_url import ENDPOINT_VARIABLE
from tests.conftest import RunningCollector

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "connect-your-own-generator.md"


def snippet(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return str(found)


def run(
    collector: RunningCollector, *command: str, exit_code: int = 0
) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        command,
        env=os.environ | {ENDPOINT_VARIABLE: collector.url, "COLUMNS": "80"},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == exit_code, done.stderr
    return done


def test_the_python_snippet_tells_of_a_job_that_the_report_counts(
    judged_collector: RunningCollector,
) -> None:
    done = run(judged_collector, sys.executable, "-W", "error", "-c", snippet("python"))
    assert done.stderr == ""
    (job,) = judged_collector.client.jobs()
    assert (job.state, job.model, job.workload) == ("complete", "my-model-7", "interactive")
    assert job.ttfp_seconds == pytest.approx(0.0, abs=5.0)
    spans = judged_collector.client.spans(job_id=job.job_id)
    assert {span.name for span in spans} == {"video.job", "video.denoise"}
    assert {span.trace_id for span in spans} == {job.trace_id}
    command = (sys.executable, "-m", "framegate", "slo", "report")
    report = run(judged_collector, *command, exit_code=3).stdout  # other objectives have no traffic
    (line,) = [line for line in report.splitlines() if "interactive-success" in line]
    assert line.split()[2:5] == ["100%", "1", "0"]


def test_the_shell_snippet_tells_of_a_job(collector: RunningCollector) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is missing; make system gets it where it may")
    done = run(collector, "bash", "-euc", snippet("sh"))
    assert done.stdout == "{}"
    (job,) = collector.client.jobs()
    assert (job.job_id, job.state, job.workload) == ("job-from-a-shell", "queued", "batch")
