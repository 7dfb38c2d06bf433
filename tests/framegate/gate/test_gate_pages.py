"""The pages about the gate: every command in them is run, and says what they show."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from framegate.quality.gate.evidence.archive import Archive
from framegate.quality.gate.margins.lint import lint_policy
from framegate.quality.gate.policy.keys import private_key
from framegate.quality.gate.policy.policy import load_policy
from framegate.quality.gate.policy.suite import load_suite
from tests.commands import CommandResult, run_command
from tests.conftest import RunningCollector
from tests.framegate.gate.conftest import RunningGenerator
from tests.quality.gate.made_evidence import clips, delivery, side
from tests.scores import CANARY, SSIM, STABLE, scored

ROOT = Path(__file__).parents[3]
TUTORIAL = ROOT / "docs" / "tutorials" / "first-verdict.md"
GUIDE = ROOT / "docs" / "how-to" / "gate-a-release.md"
SAVED = re.compile(r"Save as `([^`]+)`:\n\n```yaml\n(.*?)```", re.DOTALL)
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


def save_files(page: Path, folder: Path) -> None:
    for name, text in SAVED.findall(page.read_text()):
        (folder / name).write_text(text)


def steps(page: Path) -> Iterator[tuple[str, str]]:
    """Every command of the page that ends by itself, with the output that is shown for it."""
    for block in BLOCK.findall(page.read_text()):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            if not command.startswith("framegate generator"):
                yield command, output


def run(command: str, folder: Path, *, generator: str, collector: str = "") -> CommandResult:
    line = command.replace("http://127.0.0.1:8080", generator)
    program, *words = shlex.split(line.replace("http://127.0.0.1:4318", collector))
    if program == "framegate":
        return run_command(*words, cwd=folder)
    done = subprocess.run(
        [program, *words], cwd=folder, capture_output=True, text=True, timeout=200, check=False
    )
    return CommandResult(done.returncode, done.stdout, done.stderr)


def test_the_tutorial_works_as_it_is_written(generator: RunningGenerator, tmp_path: Path) -> None:
    save_files(TUTORIAL, tmp_path)
    codes = []
    for command, output in steps(TUTORIAL):
        done = run(command, tmp_path, generator=generator.url)
        codes.append(done.exit_code)
        shown = [line.split() for line in output.splitlines() if line.strip()]
        said = [line.split() for line in done.stdout.splitlines() if line.strip()]
        if shown:
            assert said == shown, done.stdout + done.stderr
    assert codes == [0, 1, 1, 0, 0, 3]
    assert "data:video/mp4" in (tmp_path / "report.html").read_text()
    assert [path.name for path in (tmp_path / "baselines" / "names").iterdir()] == ["ref-1"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the guide's reader has: prompts, a policy, two runs of one model, a verdict, a key."""
    save_files(TUTORIAL, tmp_path)
    suite = load_suite(tmp_path / "suite.yaml").digest
    for name, seed in (("run-1", 1), ("run-2", 2)):
        found = replace(side(clips(prompts=20, noise=0.001, seed=seed)), suite=suite)
        Archive(str(tmp_path / name / "evidence")).record(found)
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    (tmp_path / "ada.key").write_bytes(text)
    run(
        "framegate gate run --baseline run-1/evidence --candidate run-2/evidence --out gate-run",
        tmp_path,
        generator="",
    )
    return tmp_path


def test_the_guides_commands_do_what_it_says(
    rollouts: str, collector: RunningCollector, folder: Path
) -> None:
    scored(collector.url, STABLE, prompts=range(60))
    scored(collector.url, CANARY, prompts=range(60), worse=0.05)
    codes = {}
    for command, _ in steps(GUIDE):
        done = run(command, folder, generator=rollouts, collector=collector.url)
        codes[" ".join(command.split()[:3])] = done.exit_code
        assert done.exit_code in (0, 1), command + done.stdout + done.stderr
    assert {verb: code for verb, code in codes.items() if code} == {"framegate gate watch": 1}
    assert len(codes) == 10


def test_the_guides_policy_is_one(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    (text,) = [block for block in blocks if block.startswith("version: 1")]
    path = tmp_path / "gate.yaml"
    path.write_text(text)
    assert not lint_policy(load_policy(path), load_suite())
    for block in blocks:
        assert yaml.safe_load(block)


@pytest.fixture
def broken(folder: Path) -> str:
    """A command that judges a candidate whose worst prompts are worse, with an approver."""
    signer = private_key(folder / "ada.key").public_key()
    key = signer.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    policy = (folder / "gate.yaml").read_text().replace("margin: 0.01\n", "margin: 1\n")
    (folder / "gate.yaml").write_text(f"{policy}approvers: {{ada: {key}}}\n")
    base = {SSIM: 0.95, "lpips_alex_v0.1": 0.05, "failed_v1": -9.0}
    good, worse = clips(prompts=20, base=base), clips(prompts=20, base=base)
    bad = tuple(
        replace(clip, values={**clip.values, SSIM: clip.values[SSIM] - 0.2 * (number < 2)})
        for number, clip in enumerate(worse)
    )
    later = tuple(replace(clip, delivery=delivery()) for clip in bad)
    for name, candidate in (("old", good), ("candidate", bad)):
        Archive(str(folder / "kept")).record(replace(side(candidate), name=name), name=name)
    Archive(str(folder / "later")).record(replace(side(later), name="candidate"), name="candidate")
    return "framegate gate run --baseline kept@old --policy gate.yaml --candidate"


def test_a_waiver_that_is_printed_can_be_used_for_these_clips(folder: Path, broken: str) -> None:
    (command,) = [line for line, _ in steps(GUIDE) if line.startswith("framegate gate waive")]
    without = run(f"{broken} kept@candidate", folder, generator="")
    assert "content sha256:" in without.stdout
    entry = run(command, folder, generator="").stdout
    (folder / "waivers.yaml").write_text(f"version: 1\nwaivers:\n{entry}")
    waived, later = (
        run(f"{broken} {candidate} --waivers waivers.yaml", folder, generator="")
        for candidate in ("kept@candidate", "later@candidate")
    )
    codes = (without.exit_code, waived.exit_code, later.exit_code)
    assert codes == (3, 0, 3), waived.stdout + waived.stderr
    assert "orbits come back in 2.1" in waived.stdout.replace("\n", " ")
    assert "for other content" in " ".join(later.stdout.split())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("", "give --verdict, or both --candidate and --content"),
        ("--candidate new", "give --verdict, or both --candidate and --content"),
        ("--verdict gate-run/verdict.json --candidate new", "leave --candidate and --content out"),
        ("--verdict gate-run/verdict.json", "has no rule 'metrics.nothing.margin'"),
    ],
)
def test_a_waiver_needs_one_name_of_its_candidate(options: str, said: str, folder: Path) -> None:
    rest = "--approver ada --expires 2027-01-31 --reason x --key ada.key"
    done = run(
        f"framegate gate waive metrics.nothing.margin {options} {rest}", folder, generator=""
    )
    assert done.exit_code == 2
    assert said in done.stderr
