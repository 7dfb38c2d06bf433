"""Folders of clips, whoever made them, as the sides of a run."""

import shutil
from pathlib import Path

import pytest

from framegate.quality.gate.evidence.archive import load_record
from tests.commands import run_command
from tests.framegate.gate.conftest import Recordings
from tests.framegate.gate.gate_runs import ONE, POLICY

# One of them makes and scores the recordings: a minute on two quiet cores.
pytestmark = pytest.mark.timeout(900)


def plain(text: str) -> str:
    """On one line, however it was wrapped."""
    return " ".join(text.split())


def test_folders_of_clips_are_compared(recordings: Recordings, tmp_path: Path) -> None:
    policy = tmp_path / "gate.yaml"
    policy.write_text(
        POLICY[: POLICY.index("  freeze_v1")].replace(
            "    categories: {margin: 0.01, minimum_prompts: 3}\n", ""
        )
    )
    archives = {
        "old": load_record(recordings.of("ref-1")),
        "new": load_record(recordings.of("drill-coarse")),
    }
    for name, (archive, evidence) in archives.items():
        for number, clip in enumerate(sorted(evidence.clips, key=lambda clip: clip.key)):
            for kind, folder in (("clip", name), ("reference", "truth")):
                path = tmp_path / folder / clip.category / f"{number}.mp4"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.fetch(clip.blobs[kind]))
    asked = ["gate", "run", "--policy", str(policy), "--out", str(tmp_path / "out"), *ONE]
    sides = ["--baseline", str(tmp_path / "old"), "--candidate"]
    truth = ["--references", str(tmp_path / "truth")]
    worse = run_command(*asked, *sides, str(tmp_path / "new"), *truth)
    shutil.copytree(tmp_path / "old", tmp_path / "copy")
    same = run_command(*asked, *sides, str(tmp_path / "copy"), *truth)
    blind = run_command(*asked, *sides, str(tmp_path / "new"))
    assert (worse.exit_code, same.exit_code, blind.exit_code) == (1, 3, 3), blind.stdout
    assert "8 of 8 clips show the same frames as the baseline's" in plain(same.stdout)
    assert "no reference footage" in plain(blind.stdout)


def test_broken_clips_are_never_a_pass(recordings: Recordings, tmp_path: Path) -> None:
    archive, evidence = load_record(recordings.of("ref-1"))
    policy = tmp_path / "gate.yaml"
    policy.write_text(
        "version: 1\nminimum_prompts: 2\nunmatched_share: 0\nmetrics: {freeze_v1: {margin: 1}}\n"
    )
    for name in ("old", "new"):
        for number, clip in enumerate(evidence.clips[:3]):
            path = tmp_path / name / f"{number}.mp4"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(archive.fetch(clip.blobs["clip"]))
    (tmp_path / "new" / "1.mp4").write_bytes(b"\x00\x00\x00\x18ftypmp42 and then nothing")
    done = run_command(
        *("gate", "run", "--policy", str(policy), "--out", str(tmp_path / "out"), *ONE),
        *("--baseline", str(tmp_path / "old"), "--candidate", str(tmp_path / "new")),
    )
    assert done.exit_code == 3
    assert "delivery: 1 files cannot be decoded: 1 (candidate: " in plain(done.stdout)
    assert "freeze_v1: 1 clips have no value: 1 (candidate: " in plain(done.stdout)
