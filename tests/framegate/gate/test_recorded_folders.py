"""Folders that are recorded as baselines: with their clips, or without and saying so."""

import json
import shutil
from pathlib import Path

import pytest

from tests.commands import CommandResult, run_command
from tests.framegate.gate.gate_runs import ONE, verdict_document
from tests.videos import moving_frames, write_video

PROMPTS = 4
HEAD = "version: 1\nminimum_prompts: 4\nunmatched_share: 0\ntolerated_broken_share: 0.6\n"
GOLDEN = HEAD + "metrics: {golden.ssim_wang_rgb_v1: {margin: 0.05}}\n"
BLUR = HEAD + "metrics: {blur_v1: {margin: 1}}\n"
WITHOUT = "no clips are kept: golden. rules have no value against this record"


def folder(path: Path, *, crf: str = "0") -> Path:
    path.mkdir(parents=True)
    for number in range(PROMPTS):
        write_video(path / f"{number}.mp4", moving_frames(4, seed=number), fps=4, crf=crf)
    return path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``old``, ``new`` (the same, encoded again), and records of ``old`` with and without clips."""
    found = tmp_path_factory.mktemp("place")
    folder(found / "old")
    folder(found / "new", crf="12")
    (found / "golden.yaml").write_text(GOLDEN)
    (found / "blur.yaml").write_text(BLUR)
    assert record(found, "kept").exit_code == 0
    return found


def record(place: Path, to: str, *more: str) -> CommandResult:
    return run_command(
        *("baseline", "record", str(place / "old"), "--to", str(place / to)),
        *("--metrics", "blur_v1", "--out", str(place / f"{to}-run"), *more, *ONE),
    )


def gate(place: Path, out: Path, baseline: Path, policy: str = "golden") -> CommandResult:
    sides = ("--baseline", str(baseline), "--candidate", str(place / "new"))
    rules = ("--policy", str(place / f"{policy}.yaml"), "--out", str(out))
    return run_command("gate", "run", *sides, *rules, *ONE)


def test_a_record_of_a_folder_keeps_its_clips(place: Path) -> None:
    shown = run_command("baseline", "show", str(place / "kept"), "--json")
    facts = json.loads(shown.stdout)
    files = sum(path.stat().st_size for path in (place / "old").iterdir())
    assert (facts["clips"], facts["kept_clips"]) == (PROMPTS, PROMPTS)
    assert facts["kept_bytes"] > files
    assert "kept_clips   4" in run_command("baseline", "show", str(place / "kept")).stdout
    assert run_command("baseline", "verify", str(place / "kept")).exit_code == 0


def test_a_golden_rule_has_values_against_a_recorded_folder(place: Path, tmp_path: Path) -> None:
    done = gate(place, tmp_path, place / "kept")
    assert done.exit_code == 0, done.stdout + done.stderr
    checks = {one["rule"]: one for one in verdict_document(tmp_path)["checks"]}
    margin = checks["metrics.golden.ssim_wang_rgb_v1.margin"]
    assert (margin["baseline"], margin["n"]) == (1.0, PROMPTS)


def test_the_page_shows_the_clips_of_the_record_and_of_the_folder(
    place: Path, tmp_path: Path
) -> None:
    shutil.copytree(place / "new", tmp_path / "new")
    gate(place, tmp_path / "out", place / "kept", "blur")
    kept = {path.read_bytes() for path in (tmp_path / "out" / "evidence").rglob("objects/*/*")}
    assert kept.isdisjoint(path.read_bytes() for path in (place / "new").iterdir())
    verdict, page = tmp_path / "out" / "verdict.json", tmp_path / "page.html"
    run_command("gate", "report", str(verdict), str(page))
    assert page.read_text().count("<video") > 0
    assert page.read_text().count("No clip of the") == 0


def test_a_page_says_which_folder_is_not_there_any_more(place: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    shutil.copytree(place / "old", old)
    gate(place, tmp_path / "out", old, "blur")
    verdict, page = tmp_path / "out" / "verdict.json", tmp_path / "page.html"
    old.rename(tmp_path / "moved")
    run_command("gate", "report", str(verdict), str(page))
    assert f"No clip of the baseline: the folder {old} is not there any more." in page.read_text()
    (tmp_path / "moved").rename(old)
    (old / "0.mp4").unlink()
    run_command("gate", "report", str(verdict), str(page))
    assert f"No clip of the baseline: 0.mp4 is not in {old} any more" in page.read_text()


def test_a_record_without_clips_says_so_at_once(place: Path, tmp_path: Path) -> None:
    done = record(place, "scores", "--without-clips")
    assert (done.exit_code, WITHOUT in done.stderr) == (0, True)
    shown = run_command("baseline", "show", str(place / "scores"))
    assert "kept_clips   0" in shown.stdout
    assert WITHOUT in " ".join(shown.stdout.split())
    refused = gate(place, tmp_path, place / "scores")
    assert refused.exit_code == 2
    assert "scores: keeps no clips, so golden. rules have no value" in refused.stderr
    assert not (tmp_path / "evidence").exists()


def test_the_side_whose_clip_is_gone_is_named(place: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(place / "kept", copy)
    shutil.rmtree(copy / "objects")
    done = gate(place, tmp_path / "out", copy)
    assert done.exit_code == 3
    reason = verdict_document(tmp_path / "out")["reason"]
    assert f"0 (baseline: its clip is not in {copy}@sha256:" in reason
    assert "candidate" not in reason


def test_a_record_is_copied_with_its_clips(place: Path, tmp_path: Path) -> None:
    done = run_command(
        *("baseline", "record", str(place / "kept"), "--to", str(tmp_path / "copy")),
        *("--out", str(tmp_path / "run")),
    )
    assert done.exit_code == 0, done.stderr
    assert run_command("baseline", "verify", str(tmp_path / "copy")).exit_code == 0


def test_references_are_kept_too(place: Path, tmp_path: Path) -> None:
    done = run_command(
        *("baseline", "record", str(place / "old"), "--to", str(tmp_path / "kept")),
        *("--metrics", "ssim_wang_rgb_v1", "--references", str(place / "new")),
        *("--out", str(tmp_path / "run"), *ONE),
    )
    assert done.exit_code == 0, done.stderr
    kept = {path.read_bytes() for path in (tmp_path / "kept" / "objects").rglob("*/*")}
    files = [*(place / "old").iterdir(), *(place / "new").iterdir()]
    assert all(path.read_bytes() in kept for path in files)
