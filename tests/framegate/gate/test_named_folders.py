"""Folders whose prompts and seeds a manifest or a pattern names, as the sides of a run."""

from pathlib import Path

import pytest

from tests.commands import CommandResult, run_command
from tests.framegate.gate.gate_runs import ONE, verdict_document
from tests.videos import moving_frames, write_video

PROMPTS, SEEDS = ("cat", "dog", "lava", "sea"), (1, 2)
POLICY = (
    "version: 1\nminimum_prompts: 4\nunmatched_share: 0\ntolerated_broken_share: 0.6\n"
    "metrics: {freeze_v1: {margin: 1, categories: {margin: 1, minimum_prompts: 2}}}\n"
)


def clips(folder: Path, layout: str, *, model: int) -> Path:
    """One clip for each prompt and seed, and no two alike."""
    for n, prompt in enumerate(PROMPTS):
        for seed in SEEDS:
            path = folder / layout.format(prompt=prompt, seed=seed)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_video(path, moving_frames(4, seed=1000 * model + 10 * n + seed), fps=4)
    return folder


def manifest(folder: Path, layout: str) -> None:
    lines = [
        f"{layout.format(prompt=prompt, seed=seed)},{prompt},{seed},{'wet' if n > 1 else 'dry'}"
        for n, prompt in enumerate(PROMPTS)
        for seed in SEEDS
    ]
    (folder / "manifest.csv").write_text("\n".join(("file,prompt,seed,category", *lines, "")))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``old`` with a manifest, ``new`` and ``flat`` with names that say prompt and seed."""
    place = tmp_path_factory.mktemp("folders")
    (place / "gate.yaml").write_text(POLICY)
    manifest(clips(place / "old", "{prompt}-{seed}.mp4", model=1), "{prompt}-{seed}.mp4")
    clips(place / "new", "{prompt}/{seed}.mp4", model=2)
    clips(place / "flat", "x_{prompt}_seed{seed}.mp4", model=3)
    return place


def gate(folders: Path, out: Path, baseline: str, candidate: str, *more: str) -> CommandResult:
    sides = ("--baseline", str(folders / baseline), "--candidate", str(folders / candidate))
    rules = ("--policy", str(folders / "gate.yaml"), "--out", str(out))
    return run_command("gate", "run", *sides, *rules, *more, *ONE)


def test_the_prompt_is_the_unit_and_has_the_baselines_category(
    folders: Path, tmp_path: Path
) -> None:
    done = gate(folders, tmp_path, "old", "new", "--names", "{prompt}/{seed}")
    assert done.exit_code == 0, done.stdout + done.stderr
    checks = {one["rule"]: one for one in verdict_document(tmp_path)["checks"]}
    assert checks["metrics.freeze_v1.margin"]["n"] == len(PROMPTS)
    assert checks["metrics.freeze_v1.categories.wet"]["verdict"] == "PASS"
    assert checks["delivery.frames"]["n"] == len(PROMPTS) * len(SEEDS)


def test_each_side_may_have_its_own_pattern(folders: Path, tmp_path: Path) -> None:
    names = ("--names", "{prompt}/{seed}", "--names", "*_{prompt}_seed{seed}")
    done = gate(folders, tmp_path, "new", "flat", *names)
    checks = {one["rule"]: one for one in verdict_document(tmp_path)["checks"]}
    assert (done.exit_code, checks["metrics.freeze_v1.margin"]["n"]) == (0, len(PROMPTS))


REFUSED: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "seeds as prompts": ("new", "flat", (), "new: 8 clips look like the seeds of 4 prompts"),
    "a manifest and a pattern": (
        "old",
        "new",
        ("--names", "{prompt}", "--manifest", "m.csv"),
        "--names: the prompts are named by --manifest",
    ),
    "three patterns": (
        "old",
        "new",
        ("--names", "{prompt}", "--names", "{prompt}", "--names", "{prompt}"),
        "--names: 3 patterns for 2 sides",
    ),
    "a pattern that no side needs": (
        "old",
        "old",
        ("--names", "{prompt}"),
        "--names: the prompts are named by the folder's own manifest",
    ),
    "a service that no side needs": (
        "old",
        "new",
        ("--names", "{prompt}/{seed}", "--generator", "http://127.0.0.1:9"),
        "--generator: none of the sides is a model version",
    ),
    "a manifest that is not there": ("new", "flat", ("--manifest", "gone.csv"), "gone.csv: "),
    "a suite of other prompts": (
        "old",
        "old",
        ("--suite", "suite.yaml"),
        "old/manifest.csv:2: the suite other has no clips of 'cat' with seed 1",
    ),
}


@pytest.mark.parametrize(("baseline", "candidate", "more", "said"), REFUSED.values(), ids=REFUSED)
def test_what_names_no_prompts_is_refused(
    baseline: str,
    candidate: str,
    more: tuple[str, ...],
    said: str,
    folders: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("suite.yaml").write_text("version: 1\nname: other\nprompts: [{prompt: a bird}]\n")
    done = gate(folders, tmp_path / "out", baseline, candidate, *more)
    assert (done.exit_code, said in " ".join(done.stderr.split())) == (2, True), done.stderr


@pytest.mark.parametrize("option", ["--names", "--manifest", "--references", "--suite"])
def test_an_option_that_no_side_uses_is_refused(option: str, folders: Path, tmp_path: Path) -> None:
    archive = tmp_path / "kept"
    record = ("baseline", "record", str(folders / "old"), "--to", str(archive), *ONE)
    metrics = ("--metrics", "freeze_v1", "--out", str(tmp_path / "record"))
    assert run_command(*record, *metrics).exit_code == 0
    suite = tmp_path / "suite.yaml"
    suite.write_text("version: 1\nname: other\nprompts: [{prompt: a bird}]\n")
    value = {"--names": "{prompt}", "--suite": str(suite)}.get(option, str(folders))
    done = run_command(
        *("gate", "run", "--baseline", str(archive), "--candidate", str(archive)),
        *(option, value, "--out", str(tmp_path / "out")),
    )
    assert (done.exit_code, f"{option}: " in done.stderr) == (2, True), done.stderr
