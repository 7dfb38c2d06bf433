"""From two folders to a verdict: ``gate init``, as docs/how-to/gate-two-folders.md tells it."""

import re
import shlex
from pathlib import Path

import pytest

from framegate.quality.gate.evidence.manifest import read_manifest
from framegate.quality.gate.policy.policy import POLICIES, load_policy
from tests.commands import run_command
from tests.videos import moving_frames, write_video

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "gate-two-folders.md"
COMMAND = re.compile(r"^\$ framegate (.+)$", re.MULTILINE)
PROMPTS = 30


def make_folder(
    folder: Path, *, seed: int, names: str = "{n:04}_prompt.mp4", count: int, crf: str = "20"
) -> None:
    folder.mkdir()
    for n in range(count):
        frames = moving_frames(5, width=96, height=96, seed=seed + n)
        name = names.format(n=n // 2, seed=n % 2) if "seed" in names else names.format(n=n)
        write_video(folder / name, frames, fps=8, crf=crf, pixel_format="yuv420p")


@pytest.fixture
def two_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_folder(tmp_path / "old", seed=0, count=PROMPTS)
    make_folder(tmp_path / "new", seed=0, count=PROMPTS, crf="24")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_leads_from_two_folders_to_a_verdict(two_folders: Path) -> None:
    commands = COMMAND.findall(PAGE.read_text())
    assert len(commands) == 3
    for command in commands:
        found = run_command(*shlex.split(command))
        assert found.exit_code == 0, found.stdout + found.stderr
    assert (two_folders / "report.html").stat().st_size > 10_000
    policy = load_policy(two_folders / "gate.yaml").policy
    assert policy.metrics.keys() == load_policy(POLICIES["no-reference"]).policy.metrics.keys()


def test_it_overwrites_nothing(two_folders: Path) -> None:
    (two_folders / "noise.json").write_text("mine")
    found = run_command("gate", "init", "old", "new")
    assert found.exit_code == 2
    assert "noise.json: is there already" in found.stderr
    assert (two_folders / "noise.json").read_text() == "mine"
    assert not (two_folders / "gate.yaml").exists()


def test_names_that_look_like_seeds_become_a_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = "prompt {n}_seed{seed}.mp4"
    make_folder(tmp_path / "old", seed=0, names=names, count=12)
    make_folder(tmp_path / "new", seed=1000, names=names, count=12)
    monkeypatch.chdir(tmp_path)
    found = run_command("gate", "init", "old", "new")
    assert found.exit_code == 0, found.stderr
    assert "The names look like seeds of prompts: {prompt}_seed{seed}." in found.stdout
    assert "Noise: 2 seeds of old. Prompts: 6." in found.stdout
    assert "A PASS takes 29 prompts; with 6 there is none." in found.stdout
    rows = read_manifest(tmp_path / "manifest.csv").rows
    assert [(row.prompt, row.seed) for row in rows[:2]] == [("prompt 0", 0), ("prompt 0", 1)]


def test_folders_that_share_no_prompt_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_folder(tmp_path / "old", seed=0, count=2)
    make_folder(tmp_path / "new", seed=1000, names="other {n}.mp4", count=2)
    monkeypatch.chdir(tmp_path)
    found = run_command("gate", "init", "old", "new")
    assert found.exit_code == 2
    assert "name their prompts with a manifest, or with --names" in found.stderr
    found = run_command("gate", "init", "old", "nowhere")
    assert found.exit_code == 2
    assert "nowhere: is not a folder of clips" in found.stderr
