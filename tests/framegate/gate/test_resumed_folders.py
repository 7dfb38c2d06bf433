"""A run of folders that was killed goes on where it was."""

import json
import signal
import subprocess
import sys
from pathlib import Path

from tests.commands import run_command
from tests.framegate.gate.gate_runs import ONE, verdict_document
from tests.videos import moving_frames, write_video

CLIPS, LEAST = 8, 2  # of each side, and those that the killed run must have scored
SCORED = 0.123456789  # no clip has this value
POLICY = (
    "version: 1\nminimum_prompts: 8\nunmatched_share: 0\ntolerated_broken_share: 0.35\n"
    "metrics: {freeze_v1: {margin: 1}, blur_v1: {margin: 1}}\n"
)


def folder(path: Path, *, model: int) -> Path:
    path.mkdir()
    for number in range(CLIPS):
        pictures = moving_frames(12, width=192, height=192, seed=100 * model + number)
        write_video(path / f"{number}.mp4", pictures)
    return path


def pieces(out: Path) -> list[Path]:
    return sorted((out / "partial").rglob("*.json"))


def test_files_that_a_killed_run_scored_are_not_scored_again(tmp_path: Path) -> None:
    old, new = (folder(tmp_path / name, model=n) for n, name in enumerate(("old", "new")))
    out, policy = tmp_path / "out", tmp_path / "gate.yaml"
    policy.write_text(POLICY)
    command = (
        *("gate", "run", "--baseline", str(old), "--candidate", str(new)),
        *("--policy", str(policy), "--out", str(out), *ONE),
    )
    running = subprocess.Popen(
        [sys.executable, "-m", "framegate", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while len(pieces(out)) < LEAST:
        assert running.poll() is None
    running.send_signal(signal.SIGKILL)
    running.wait()
    known = pieces(out)
    assert LEAST <= len(known) < 2 * CLIPS
    for path in known:
        piece = json.loads(path.read_text())
        path.write_text(json.dumps({**piece, "values": {**piece["values"], "blur_v1": SCORED}}))
    changed, other = (old / json.loads(path.read_text())["file"] for path in known[:2])
    write_video(changed, moving_frames(12, width=192, height=192, seed=9999))
    other.rename(old / "9.mp4")
    (new / other.name).rename(new / "9.mp4")
    done = run_command(*command)
    assert done.exit_code == 0, done.stdout + done.stderr
    clips = verdict_document(out)["baseline"]["clips"] + verdict_document(out)["candidate"]["clips"]
    resumed = [clip["file"] for clip in clips if clip["values"]["blur_v1"] == SCORED]
    assert len(resumed) == len(known) - 1
    assert (changed.name in resumed, "9.mp4" in resumed) == (False, True)
    assert pieces(out) == []
