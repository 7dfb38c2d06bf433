"""What README and docs show is what happens: links, commands, output."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import takewhile
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from framegate.cli import app
from framegate.local.children import Child, start_child, stop_children
from framegate.telemetry.client.collector_url import ENDPOINT_VARIABLE
from tests.commands import run_command, run_process
from tests.conftest import RunningCollector

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    if page.name != "commands.md"  # written by the program itself
)
SERVERS = ("collector", "generator", "quality worker", "dashboards")
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
COLLECTOR_URL = "http://127.0.0.1:4318"


def shown_commands(page: Path) -> list[str]:
    """The lines after a dollar sign in the page's console blocks."""
    return [
        line[2:]
        for block in CONSOLE.findall(page.read_text())
        for line in block.splitlines()
        if line.startswith("$ ")
    ]


COMMANDS = [command for page in PAGES for command in shown_commands(page)]
INLINE = [
    command
    for page in PAGES
    for command in re.findall(r"`(?:\.venv/bin/)?framegate ([^`]*)`", page.read_text())
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.parametrize("line", sorted({line for line in INLINE if line != "…"}))
def test_every_command_in_a_sentence_exists_with_its_options(line: str) -> None:
    words = shlex.split(line)
    verbs = takewhile(str.isalpha, words)
    shown = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*verbs, "--help"])
    assert shown.exit_code == 0, shown.output
    assert {word for word in words if word.startswith("-")} <= set(shown.output.split())


@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith("make ")])
def test_every_make_target_exists(command: str) -> None:
    subprocess.run([*shlex.split(command), "--dry-run"], cwd=ROOT, check=True, capture_output=True)


def numbers(text: str) -> list[float]:
    return [float(word) for word in re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", text)]


def words(text: str) -> list[str]:
    return re.findall(r"[a-z_]{3,}\w*", text)


def test_the_readme_shows_what_a_score_prints() -> None:
    blocks = CONSOLE.findall((ROOT / "README.md").read_text())
    (block,) = [text for text in blocks if "quality score" in text]
    command, _, output = block.partition("\n")
    done = run_command(*shlex.split(command.removeprefix("$ framegate ")), cwd=ROOT)
    assert done.exit_code == 0
    assert words(done.stdout) == words(output)
    assert numbers(done.stdout) == pytest.approx(numbers(output), abs=2e-3)


@pytest.mark.parametrize(
    "command",
    sorted(
        {line for line in COMMANDS if line.startswith(("framegate slo l", "framegate quality v"))}
    ),
)
def test_a_command_that_needs_no_server_succeeds(command: str) -> None:
    done = run_command(*shlex.split(command.removeprefix("framegate ")), cwd=ROOT)
    assert (done.exit_code, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines()), default=0) <= 80


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[dict[str, Child]]:
    """The servers of the README's list, started as it says, on free ports."""
    with ExitStack() as stack:
        running: dict[str, Child] = {}
        for command in shown_commands(ROOT / "README.md"):
            line = re.sub(r"^(\S+=\S+ )?framegate ", "", command)
            verb = next((name for name in SERVERS if line.startswith(name)), None)
            if verb:
                folder = tmp_path / verb.replace(" ", "-")
                folder.mkdir()
                url = running["collector"].url if running else ""
                child = start_child(
                    verb,
                    placed(shlex.split(line), folder),
                    log=folder / "log",
                    environment={ENDPOINT_VARIABLE: url} if url else {},
                )
                stack.callback(stop_children, [child])
                running[verb] = child
        for child in running.values():
            child.wait_ready()
        yield running


def placed(arguments: list[str], folder: Path) -> list[str]:
    """The arguments with their files in a folder of the test."""
    if arguments[0] == "generator":
        return [*arguments, "--artifacts", str(folder), "--spool", str(folder / "spool")]
    if arguments[0] == "collector":
        return ["collector", "--data", str(folder / "store"), "--grpc-port", "0"]
    return arguments


def test_the_parts_start_one_by_one_and_work_together(
    parts: dict[str, Child], tmp_path: Path
) -> None:
    assert set(parts) == set(SERVERS)
    collector, generator = parts["collector"].url, parts["generator"].url
    codes = {}
    for command in shown_commands(ROOT / "README.md"):
        line = command.removeprefix("framegate ").replace(COLLECTOR_URL, collector)
        verb = " ".join(line.split()[:2])
        if verb in ("loadtest run", "slo report", "gate run"):
            line += f" --url {generator} --seconds 1" if verb == "loadtest run" else ""
            line += f" --out {tmp_path / 'gate-run'}" if verb == "gate run" else ""
            run = run_process if verb == "loadtest run" else run_command
            done = run(*shlex.split(line), cwd=ROOT, environment={ENDPOINT_VARIABLE: collector})
            codes[verb] = done.exit_code
            quiet = done.stderr == "" or done.stderr.startswith("reports are in ")
            assert quiet or verb == "loadtest run", done.stderr
    # The report's answer hangs on how busy the machine is; it must be an answer.
    assert codes.pop("slo report") in (0, 1, 3)
    # Nobody has made a clip with the second model.
    assert codes == {"loadtest run": 0, "gate run": 3}


def test_the_runbooks_questions_are_answered(judged_collector: RunningCollector) -> None:
    pages = "".join(page.read_text() for page in ROOT.glob("docs/runbooks/*.md"))
    asked = re.findall(r'curl "\$COLLECTOR(\S+)" -H \'(\S+): (\S+)\'', pages)
    assert len(asked) == pages.count("curl ") >= 3
    for path, header, value in asked:
        answer = httpx.get(f"{judged_collector.url}{path}", headers={header: value})
        assert answer.status_code == 200
        assert answer.json() is not None
