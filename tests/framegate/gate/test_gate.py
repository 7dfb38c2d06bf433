"""The gate as a shell sees it, over a real generator: real faults are caught, equal models pass."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from framegate.local.children import Child, start_child, stop_children
from tests.framegate.conftest import POLICY

Done = subprocess.CompletedProcess[str]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "framegate", *arguments]


# Starting a scorer takes longer than scoring these clips.
ONE = ("--processes", "1")


def framegate(*arguments: str, cwd: Path | None = None, **environment: str) -> Done:
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd=cwd,
        env={**os.environ, "COLUMNS": "80", **environment},
    )


def gate(
    baseline: str, candidate: str, out: Path, rules: Path, *more: str, policy: str = "gate.yaml"
) -> Done:
    return framegate(
        *("gate", "run", "--baseline", baseline, "--candidate", candidate, "--out", str(out)),
        *("--suite", str(rules / "suite.yaml"), "--policy", str(rules / policy), *more, *ONE),
    )


def document(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / "verdict.json").read_text()))


def failing(out: Path) -> set[str]:
    checks = document(out)["checks"]
    return {
        check["rule"].removeprefix("metrics.") for check in checks if check["verdict"] == "FAIL"
    }


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the baseline is, and what the runs leave."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def baseline(generator: Child, rules: Path, kept: Path) -> str:
    """A recorded baseline, named by its content."""
    done = framegate(
        *("baseline", "record", "ref-1", "--to", str(kept / "baselines")),
        *("--generator", generator.url, "--suite", str(rules / "suite.yaml")),
        *("--out", str(kept / "recording")),
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(rf"{kept}/baselines@sha256:[0-9a-f]{{64}}\n", done.stdout)
    return done.stdout.strip()


FAULTS = {
    "drill-steps": {"lpips_alex_v0.1.relative_margin"},
    "drill-noise": {"flicker_fr_v1.relative_margin"},
    "drill-coarse": {"ssim_wang_rgb_v1.margin", "lpips_alex_v0.1.relative_margin"},
    "drill-frozen": {"freeze_v1.margin"},
    "drill-category": {"ssim_wang_rgb_v1.worst"},
}


@pytest.mark.parametrize("model", FAULTS)
def test_a_real_fault_is_caught_and_named(
    model: str, generator: Child, rules: Path, kept: Path, baseline: str
) -> None:
    out = kept / model
    done = gate(baseline, model, out, rules, "--generator", generator.url)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAIL: " in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert failing(out) >= FAULTS[model]


# One claim: few clips on a busy machine show no harm beside many others.
TIMES = """\
version: 1
minimum_prompts: 8
unmatched_share: 0
metrics:
  ssim_wang_rgb_v1: {floor: 0.5}
  lpips_alex_v0.1: {ceiling: 0.5}
  flicker_fr_v1: {ceiling: 5}
  freeze_v1: {ceiling: 1}
  frame_time_v1: {relative_margin: 0.1}
"""


def test_slower_frames_are_caught_beside_a_baseline_made_in_turns(
    generator: Child, rules: Path, kept: Path
) -> None:
    (rules / "times.yaml").write_text(TIMES)
    out = kept / "drill-slow"
    more = ["--generator", generator.url]
    done = gate("ref-1", "drill-slow", out, rules, *more, policy="times.yaml")
    assert done.returncode == 1, done.stdout + done.stderr
    assert failing(out) == {"frame_time_v1.relative_margin"}


def test_times_of_different_runs_say_nothing(kept: Path, baseline: str, tmp_path: Path) -> None:
    policy = tmp_path / "gate.yaml"
    policy.write_text(POLICY.replace("environment: {may_differ: [times]}", ""))
    slow = f"{kept / 'drill-slow' / 'evidence'}@drill-slow"
    done = framegate(
        *("gate", "run", "--policy", str(policy), "--baseline", baseline, "--candidate", slow)
    )
    assert done.returncode == 3
    assert "the sides were made at different times" in " ".join(done.stdout.split())


def test_flicker_that_ssim_does_not_see(
    generator: Child, rules: Path, kept: Path, baseline: str
) -> None:
    out = kept / "drill-noise"
    if not out.exists():
        gate(baseline, "drill-noise", out, rules, "--generator", generator.url)
    assert not [rule for rule in failing(out) if rule.startswith("ssim")]


def test_an_equal_model_does_not_fail(generator: Child, rules: Path, kept: Path) -> None:
    out = kept / "equal"
    done = gate("ref-1", "ref-1", out, rules, "--generator", generator.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS: no metric is worse" in done.stdout
    assert not (out / "partial").exists() or not list((out / "partial").iterdir())


def test_what_was_made_is_judged_again_without_the_service(
    rules: Path, kept: Path, baseline: str
) -> None:
    other = kept / "drill-coarse" / "evidence"
    done = gate(baseline, f"{other}@drill-coarse", kept / "again", rules)
    assert done.returncode == 1
    assert failing(kept / "again") == failing(kept / "drill-coarse")


def test_reports_stand_beside_the_verdict(kept: Path, baseline: str) -> None:
    assert baseline
    names = {path.name for path in (kept / "drill-coarse").iterdir() if path.is_file()}
    assert names == {
        "verdict.json",
        "verdict.md",
        "verdict.sarif",
        "junit.xml",
        "annotations.txt",
    }


def test_a_verdict_explains_itself_anywhere(kept: Path, tmp_path: Path) -> None:
    alone = tmp_path / "verdict.json"
    shutil.copy(kept / "drill-coarse" / "verdict.json", alone)
    done = framegate("gate", "explain", str(alone), cwd=tmp_path)
    assert done.returncode == 1
    assert "p-value of 'not worse than the limit'" in done.stdout
    alone.write_text(alone.read_text().replace('"verdict": "FAIL"', '"verdict": "PASS"', 1))
    forged = framegate("gate", "explain", str(alone))
    assert (forged.returncode, forged.stdout) == (2, "")
    assert "the document says PASS, its own evidence says FAIL" in forged.stderr


def test_the_page_holds_the_clips(kept: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert (
        framegate(
            "gate", "report", str(kept / "drill-category" / "verdict.json"), str(page)
        ).returncode
        == 0
    )
    text = page.read_text()
    assert text.count("data:video/mp4;base64,") >= 9
    assert text.count("data:image/png;base64,") >= 9
    first = text.index('<section class="prompt">')
    assert re.search(r"orbit|circling", text[first : first + 200])


def test_a_baseline_is_shown_and_verified(kept: Path, baseline: str) -> None:
    shown = framegate("baseline", "show", baseline)
    assert shown.returncode == 0
    assert "ssim_wang_rgb_v1" in shown.stdout
    assert "model.weights_sha256" in shown.stdout
    facts = json.loads(framegate("baseline", "show", baseline, "--json").stdout)
    assert (facts["clips"], facts["prompts"], facts["name"]) == (8, 8, "ref-1")
    assert facts["measures"]["cost_per_minute_v1"] > 0
    whole = framegate("baseline", "verify", baseline)
    assert (whole.returncode, ": intact" in whole.stdout) == (0, True)


def test_a_changed_baseline_is_seen(kept: Path, baseline: str, tmp_path: Path) -> None:
    copy = tmp_path / "baselines"
    shutil.copytree(kept / "baselines", copy)
    largest = max((copy / "objects").rglob("*/*"), key=lambda path: path.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[len(data) // 2] ^= 1
    largest.write_bytes(data)
    done = framegate("baseline", "verify", str(copy))
    assert done.returncode == 1
    assert largest.name in done.stdout


def test_a_baseline_of_another_machine_is_inconclusive(
    kept: Path, rules: Path, baseline: str, tmp_path: Path
) -> None:
    from dataclasses import replace

    from framegate.quality.gate.evidence.archive import Archive, load_record

    _, evidence = load_record(baseline)
    moved = {**evidence.environment, "scorer.packages.torch": "2.1.0"}
    elsewhere = Archive(str(tmp_path / "moved")).record(replace(evidence, environment=moved))
    done = gate(elsewhere.source, str(kept / "drill-coarse" / "evidence"), tmp_path, rules)
    assert done.returncode == 3
    assert "scorer.packages.torch (2.1.0 and" in " ".join(done.stdout.split())


def test_folders_of_clips_are_compared(kept: Path, baseline: str, tmp_path: Path) -> None:
    from framegate.quality.gate.evidence.archive import load_record

    policy = tmp_path / "gate.yaml"
    policy.write_text(
        POLICY[: POLICY.index("  freeze_v1")].replace(
            "    categories: {margin: 0.01, minimum_prompts: 3}\n", ""
        )
    )
    archives = {
        "old": load_record(baseline),
        "new": load_record(str(kept / "drill-coarse" / "evidence")),
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
    worse = framegate(*asked, *sides, str(tmp_path / "new"), *truth)
    shutil.copytree(tmp_path / "old", tmp_path / "copy")
    same = framegate(*asked, *sides, str(tmp_path / "copy"), *truth)
    blind = framegate(*asked, *sides, str(tmp_path / "new"))
    assert (worse.returncode, same.returncode, blind.returncode) == (1, 0, 3), blind.stdout
    assert "there is no reference footage" in blind.stdout


@pytest.mark.parametrize(("model", "code"), [("equal", 0), ("drill-steps", 0), ("drill-coarse", 1)])
def test_clips_are_held_against_the_baselines_own(
    model: str, code: int, kept: Path, baseline: str, tmp_path: Path
) -> None:
    policy = tmp_path / "gate.yaml"
    policy.write_text(
        "version: 1\nminimum_prompts: 8\nunmatched_share: 0\n"
        "metrics: {golden.ssim_wang_rgb_v1: {margin: 0.05, floor: 0.9}}\n"
    )
    name = "ref-1" if model == "equal" else model
    other = f"{kept / model / 'evidence'}@{name}"
    asked = ["gate", "run", "--policy", str(policy), "--baseline", baseline, "--candidate", other]
    done = framegate(*asked, "--out", str(tmp_path), *ONE)
    assert done.returncode == code, done.stdout + done.stderr
    (check,) = [one for one in document(tmp_path)["checks"] if one["rule"].endswith(".margin")]
    assert check["baseline"] == 1.0
    assert (check["candidate"] == pytest.approx(1.0, abs=1e-9)) == (model == "equal")


def test_a_clip_that_is_gone_cannot_be_held_against_anything(
    kept: Path, baseline: str, tmp_path: Path
) -> None:
    copy = tmp_path / "evidence"
    shutil.copytree(kept / "drill-steps" / "evidence", copy)
    shutil.rmtree(copy / "objects")
    policy = tmp_path / "gate.yaml"
    policy.write_text(
        "version: 1\nminimum_prompts: 8\nunmatched_share: 0\n"
        "metrics: {golden.ssim_wang_rgb_v1: {margin: 0.05}}\n"
    )
    done = framegate(
        *("gate", "run", "--policy", str(policy)),
        *("--baseline", baseline, "--candidate", f"{copy}@drill-steps"),
    )
    assert done.returncode == 3
    assert "the clip itself is not kept" in " ".join(done.stdout.split())


def test_broken_clips_are_never_a_pass(kept: Path, baseline: str, tmp_path: Path) -> None:
    from framegate.quality.gate.evidence.archive import load_record

    archive, evidence = load_record(baseline)
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
    done = framegate(
        *("gate", "run", "--policy", str(policy), "--out", str(tmp_path / "out"), *ONE),
        *("--baseline", str(tmp_path / "old"), "--candidate", str(tmp_path / "new")),
    )
    assert done.returncode == 3
    assert "1 clips have no value: 1 (candidate: " in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--baseline", "./nowhere", "--candidate", "ref-1"],
            "is not a recorded baseline or a folder of clips",
        ),
        (["--baseline", "ref-1", "--candidate", "ref-9"], "'ref-9' is unknown"),
        (["--baseline", "ref-1", "--candidate", "ref-1", "--policy", "no.yaml"], "no.yaml"),
        (["--baseline", "ref-1", "--candidate", "ref-1", "--suite", "no.yaml"], "no.yaml"),
        (["--baseline", "ref-1", "--candidate", "ref-1", "--waivers", "no.yaml"], "no.yaml"),
    ],
)
def test_what_cannot_be_judged_is_said(
    arguments: list[str], said: str, generator: Child, tmp_path: Path
) -> None:
    done = framegate("gate", "run", *arguments, "--generator", generator.url, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_generator_that_is_not_there_is_no_verdict(tmp_path: Path) -> None:
    url = "http://127.0.0.1:9"
    done = framegate(
        *("gate", "run", "--baseline", "ref-1", "--candidate", "ref-1", "--generator", url),
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout) == (4, "")
    assert url in done.stderr


def jobs(url: str) -> list[dict[str, Any]]:
    return list(httpx.get(f"{url}/v1/videos", timeout=30).json()["data"])


@pytest.fixture
def own_generator(tmp_path: Path) -> Iterator[Child]:
    """A generator that a test may end."""
    place = ["--artifacts", str(tmp_path / "clips"), "--spool", str(tmp_path / "spool")]
    child = start_child("generator", ["generator", *place], log=tmp_path / "log", environment={})
    try:
        child.wait_ready()
        yield child
    finally:
        stop_children([child])


def running_gate(url: str, out: Path, rules: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command(
            *("gate", "run", "--baseline", "ref-1", "--candidate", "drill-steps"),
            *("--generator", url, "--out", str(out), "--suite", str(rules / "suite.yaml")),
            *("--policy", str(rules / "gate.yaml")),
        ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_clips(url: str, count: int, process: "subprocess.Popen[str]") -> None:
    while sum(job["status"] == "completed" for job in jobs(url)) < count:
        assert process.poll() is None


def test_a_killed_run_goes_on_where_it_was(
    own_generator: Child, rules: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    process = running_gate(own_generator.url, out, rules)
    wait_for_clips(own_generator.url, 9, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    kept = len(list((out / "partial").rglob("*.json")))
    assert kept >= 5
    before = len(jobs(own_generator.url))
    again = running_gate(own_generator.url, out, rules)
    said, _ = again.communicate(timeout=200)
    assert again.returncode == 1, said
    warm_ups = 2
    assert len(jobs(own_generator.url)) - before == 2 * 8 - kept + warm_ups


def test_a_service_that_dies_is_no_verdict_and_costs_nothing_that_was_made(
    own_generator: Child, rules: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    process = running_gate(own_generator.url, out, rules)
    wait_for_clips(own_generator.url, 7, process)
    own_generator.process.kill()
    said, why = process.communicate(timeout=200)
    assert (process.returncode, said) == (4, "")
    assert own_generator.url in why
    assert len(list((out / "partial").rglob("*.json"))) >= 3
    assert not (out / "verdict.json").exists()
