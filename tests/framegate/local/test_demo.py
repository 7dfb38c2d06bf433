"""framegate demo, as a new user runs it."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from framegate.local.demo_prompts import PROMPTS
from framegate.telemetry.signals.names import Workload
from tests.processes import descendants, ended

ROOT = Path(__file__).parents[3]


@contextmanager
def running_demo(folder: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "framegate", "demo", "--folder", str(folder), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def lines_until(process: "subprocess.Popen[str]", wanted: str) -> list[str]:
    """What the process says, up to the line that holds ``wanted``."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if wanted in line:
            return lines
    raise AssertionError(f"{wanted!r} was never said:\n" + "\n".join(lines))


def headings(text: str) -> set[str]:
    """Titles and column heads of the tables in a text."""
    plain = {" ".join(line.split()) for line in text.splitlines() if line.startswith(" ")}
    return {line for line in plain if line and not any(c.isdigit() or c == "─" for c in line)}


def test_the_prompts_are_a_dozen_of_every_class() -> None:
    assert len({prompt for _, prompt in PROMPTS}) == 12
    assert {workload for workload, _ in PROMPTS} == set(Workload)


def test_the_demo_ends_with_tables_a_verdict_and_pages_that_answer(tmp_path: Path) -> None:
    with running_demo(tmp_path, "--keep") as process:
        said = "\n".join(lines_until(process, "stays up until Ctrl-C"))
        children = descendants(process.pid)
        places = dict(re.findall(r"^(clips|dashboard|collector|generator) +(\S+)$", said, re.M))
        assert httpx.get(places["dashboard"]).status_code == 200
        assert httpx.get(f"{places['collector']}/healthz").status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    assert ended(children)
    assert len(list(Path(places["clips"]).glob("**/*.mp4"))) >= 24
    assert said.count("\ncomplete ") + said.startswith("complete ") == 24
    shown = re.findall(r"^```text\n(.*?)```", (ROOT / "README.md").read_text(), re.M | re.S)
    assert headings(shown[0])
    assert headings(shown[0]) <= headings(said)
    assert re.search(r"^ ref-2-draft +12 ", said, re.M)
    assert "\nFAIL: ssim_wang_rgb_v1" in said


@pytest.mark.parametrize(
    ("signal_number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130)], ids=str
)
def test_a_demo_stopped_in_the_middle_leaves_no_process(
    tmp_path: Path, signal_number: signal.Signals, code: int
) -> None:
    with running_demo(tmp_path) as process:
        lines_until(process, "complete ")
        children = descendants(process.pid)
        assert len(children) > 4
        process.send_signal(signal_number)
        assert process.wait(timeout=60) == code
    assert ended(children)
