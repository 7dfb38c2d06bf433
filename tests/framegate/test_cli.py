"""The command as a shell sees it: answers, messages, exit codes."""

import html
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from framegate.cli import app
from framegate.command_group import load_command
from framegate.command_source import CommandSource, GroupSource
from framegate.command_table import COMMANDS
from tests.commands import run_command, run_process
from tests.videos import moving_frames, write_video

ROOT = Path(__file__).parents[2]
CLIPS = ROOT / "tests" / "quality" / "clips"
HEAVY = (
    *("torch", "av", "streamlit", "locust", "duckdb", "pyarrow", "numba", "numpy", "skimage"),
    *("pydantic", "rich", "httpx", "yaml"),
)
VERBS = (
    ("collector",),
    ("generator",),
    ("dashboards",),
    ("demo",),
    ("doctor",),
    ("completion",),
    ("quality", "score"),
    ("quality", "compare"),
    ("quality", "explain"),
    ("quality", "inspect"),
    ("quality", "metrics"),
    ("quality", "verify"),
    ("quality", "worker"),
    ("gate", "run"),
    ("gate", "lint"),
    ("gate", "explain"),
    ("gate", "report"),
    ("gate", "init"),
    ("gate", "calibrate"),
    ("gate", "power"),
    ("gate", "watch"),
    ("gate", "waive"),
    ("gate", "comment"),
    ("baseline", "record"),
    ("baseline", "show"),
    ("baseline", "verify"),
    ("slo", "report"),
    ("slo", "list"),
    ("slo", "lint"),
    ("slo", "show"),
    ("slo", "alerts"),
    ("slo", "silence"),
    ("slo", "unsilence"),
    ("slo", "silences"),
    ("slo", "gate"),
    ("slo", "bypass"),
    ("slo", "rules"),
    ("slo", "backtest"),
    ("slo", "routes"),
    ("slo", "dashboard"),
    ("slo", "corrections", "add"),
    ("slo", "corrections", "list"),
    ("slo", "corrections", "revoke"),
    ("loadtest", "run"),
)


@pytest.mark.parametrize(
    "command",
    [
        "",
        "gate run",
        "quality",
        "slo corrections add",
        "telemetry",
        "loadtest run",
        "demo",
    ],
)
def test_help_imports_nothing_heavy(command: str) -> None:
    program = (
        f"import sys; sys.argv = ['framegate', *{command.split()!r}, '--help']\n"
        "from framegate.cli import main\n"
        "try: main()\n"
        f"finally: print('HEAVY', sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert f"Usage: framegate {command}".rstrip() in done.stdout
    assert "HEAVY []" in done.stdout


def test_objectives_are_listed_without_arrow_or_parsers_of_expressions() -> None:
    heavy = ("pyarrow", "numpy", "scipy", "sqlglot", "promql_parser", "duckdb")
    program = (
        "import sys; sys.argv = ['framegate', 'slo', 'list']\n"
        "from framegate.cli import main\n"
        "try: main()\n"
        f"finally: print('HEAVY', sorted(set({heavy!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert "interactive-ttfp" in done.stdout
    assert "HEAVY []" in done.stdout


def test_the_list_of_commands_says_what_each_says_itself() -> None:
    for name, source in every_command(COMMANDS):
        assert load_command(name, source).get_short_help_str(1000) == source.help


def every_command(
    sources: Mapping[str, CommandSource | GroupSource],
) -> Iterator[tuple[str, CommandSource]]:
    for name, source in sources.items():
        if isinstance(source, GroupSource):
            yield from every_command(source.commands)
        else:
            yield name, source


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_has_help(verb: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*verb, "--help"])
    assert shown.exit_code == 0
    assert f"framegate {' '.join(verb)}" in shown.output.replace("root", "framegate")


def test_the_command_reference_is_current(tmp_path: Path) -> None:
    written = tmp_path / "commands.md"
    what = ("utils", "docs", "--name", "framegate", "--title", "Commands", "--output", str(written))
    subprocess.run(
        [sys.executable, "-m", "typer", "framegate.cli", *what], check=True, capture_output=True
    )
    committed = (ROOT / "docs" / "reference" / "commands.md").read_text()
    assert html.unescape(written.read_text()) == committed, "run `make generate`"


def test_a_score_as_json_has_every_metric_and_every_frame() -> None:
    done = run_command(
        "quality",
        "score",
        str(CLIPS / "carphone_pristine.mp4"),
        str(CLIPS / "carphone_distorted.mp4"),
        "--json",
    )
    assert done.exit_code == 0
    document = json.loads(done.stdout)
    assert set(document["metrics"]) == {"ssim_wang_rgb_v1", "lpips_alex_v0.1", "flicker_fr_v1"}
    ssim = document["metrics"]["ssim_wang_rgb_v1"]
    assert len(ssim["values"]) == document["paired_frames"]
    assert ssim["mean"] == pytest.approx(sum(ssim["values"]) / ssim["frames"])
    assert 0.0 < ssim["min"] <= ssim["mean"] <= ssim["max"] <= 1.0


def test_a_score_as_a_table_names_each_metric_with_its_direction() -> None:
    clip = str(CLIPS / "carphone_pristine.mp4")
    done = run_command("quality", "score", clip, clip)
    assert done.exit_code == 0
    (line,) = [line for line in done.stdout.splitlines() if "ssim_wang_rgb_v1" in line]
    assert "higher" in line
    assert "1.0000" in line


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """A folder of one good video and everything that a user may take for one."""
    write_video(tmp_path / "good.mp4", moving_frames(8))
    write_video(tmp_path / "wide.mp4", moving_frames(8, width=96))
    whole = (tmp_path / "good.mp4").read_bytes()
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("this is no video")
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 3])
    return tmp_path


@pytest.mark.parametrize(
    ("clip", "said"),
    [
        ("missing.mp4", "missing.mp4: not found"),
        ("empty.mp4", "empty.mp4: not a readable video"),
        ("text.mp4", "text.mp4: not a readable video"),
        ("cut.mp4", "cut.mp4: not a readable video"),
        ("wide.mp4", "96x64"),
        (".", "is a folder"),
    ],
)
def test_what_cannot_be_scored_is_named_and_exits_with_2(
    videos: Path, clip: str, said: str
) -> None:
    done = run_command("quality", "score", "good.mp4", clip, cwd=videos)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_metric_is_named_with_those_that_exist(videos: Path) -> None:
    done = run_process("quality", "score", "good.mp4", "good.mp4", "--metrics", "vmaf", cwd=videos)
    assert done.exit_code == 2
    assert "vmaf" in done.stderr
    assert "ssim_wang_rgb_v1" in done.stderr


def test_an_incomplete_clip_has_no_score_and_exits_with_3(videos: Path) -> None:
    write_video(videos / "short.mp4", moving_frames(3))
    done = run_command("quality", "score", "good.mp4", "short.mp4", cwd=videos)
    assert done.exit_code == 3
    assert "only 3 of 8 frames" in done.stdout


def test_compare_names_each_clip_and_prints_one_document(videos: Path) -> None:
    write_video(videos / "coarse.mp4", moving_frames(8), crf="45")
    arguments = ("quality", "compare", "good.mp4", "coarse.mp4", "good.mp4", "--metrics", "psnr_v1")
    shown = run_command(*arguments, cwd=videos)
    assert shown.exit_code == 0
    assert "clip 1   coarse.mp4" in shown.stdout
    assert "100.0000" in shown.stdout
    document = json.loads(run_command(*arguments, "--json", cwd=videos).stdout)
    assert [result["clip"]["source"] for result in document] == ["coarse.mp4", "good.mp4"]
    assert document[0]["metrics"]["psnr_v1"]["value"] < 60.0


def test_explain_writes_its_page_or_says_why_not(videos: Path) -> None:
    arguments = ("quality", "explain", "good.mp4", "good.mp4", "--metrics", "psnr_v1")
    assert run_command(*arguments, cwd=videos).exit_code == 0
    assert "<!doctype html>" in (videos / "explain.html").read_text()
    done = run_command(*arguments, "--output", "nowhere/page.html", cwd=videos)
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr


def test_inspect_ends_with_1_for_a_file_that_lacks_frames(videos: Path) -> None:
    whole = write_video(videos / "whole.mkv", moving_frames(60, width=96, height=96), crf="10")
    data = whole.read_bytes()
    (videos / "cut.mkv").write_bytes(data[: len(data) // 2])
    assert run_command("quality", "inspect", "good.mp4", cwd=videos).exit_code in (0, 3)
    done = run_command("quality", "inspect", "whole.mkv", "--metrics", "black_v1", cwd=videos)
    assert done.exit_code == 0
    done = run_command("quality", "inspect", "cut.mkv", "--metrics", "black_v1", cwd=videos)
    assert (done.exit_code, "duration" in done.stdout) in ((1, True), (2, False))


def test_a_metric_that_needs_a_reference_is_refused_without_one(videos: Path) -> None:
    done = run_command("quality", "inspect", "good.mp4", "--metrics", "psnr_v1", cwd=videos)
    assert done.exit_code == 2
    assert "without a reference" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("slo", "report"),
        ("gate", "run", "--baseline", "ref-1", "--candidate", "ref-2-draft"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_collector_that_does_not_answer_is_no_verdict(arguments: tuple[str, ...]) -> None:
    done = run_process(*arguments, "--collector", "http://127.0.0.1:1")
    assert done.exit_code == 4
    assert "http://127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", ["generator", "dashboards"])
def test_no_server_listens_beyond_loopback(verb: str, tmp_path: Path) -> None:
    done = run_process(verb, "--host", "0.0.0.0", cwd=tmp_path)
    assert done.exit_code == 2
    assert "not a loopback address" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_load_test_of_nobody_is_refused() -> None:
    done = run_process("loadtest", "run", "--users", "0")
    assert done.exit_code == 2
    assert "users" in done.stderr
