"""One generator for all tests of the gate, and the drill models' clips, made and scored once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from framegate.gate.settings import EvidenceSettings, Generator
from framegate.gate.sides import evidence_of
from framegate.quality.gate.policy.policy import load_policy
from framegate.quality.gate.policy.suite import load_suite
from tests.framegate.gate.gate_runs import POLICY, SUITE
from tests.shared import Places, locked, make_once, run_folder, start_once
from tests.volume import draws_all

MODELS = ("ref-1", "drill-steps", "drill-coarse", "drill-category")
# Made only where all is drawn. The slow one is beside the one whose frames it is compared with.
ALL_MODELS = ("drill-slow", *MODELS, "drill-noise", "drill-frozen")


@dataclass(frozen=True, slots=True)
class RunningGenerator:
    """A generator that other tests use at the same time; nobody ends it."""

    url: str


@dataclass(frozen=True, slots=True)
class Recordings:
    """The small suite's clips of every drill model and of the sound one, made in turns."""

    archive: Path

    def of(self, model: str) -> str:
        if model not in MODELS and not draws_all():
            pytest.skip(f"clips of {model} are made before a change lands (tests/volume.py)")
        return f"{self.archive}@{model}"


@pytest.fixture(scope="session")
def generator(tmp_path_factory: pytest.TempPathFactory) -> RunningGenerator:
    return RunningGenerator(start_once(run_folder(tmp_path_factory), "generator")["url"])


@pytest.fixture
def rollouts(
    generator: RunningGenerator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The generator's URL while no other test changes which model is stable or a canary."""
    with locked(run_folder(tmp_path_factory) / "rollouts.lock"):
        yield generator.url


@pytest.fixture(scope="session")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``suite.yaml`` and ``gate.yaml``."""
    folder = tmp_path_factory.mktemp("rules")
    (folder / "suite.yaml").write_text(SUITE)
    (folder / "gate.yaml").write_text(POLICY)
    return folder


@pytest.fixture(scope="session")
def recordings(
    generator: RunningGenerator, rules: Path, tmp_path_factory: pytest.TempPathFactory
) -> Recordings:
    def make(folder: Path) -> Places:
        settings = EvidenceSettings(
            out=folder,
            metrics=load_policy(rules / "gate.yaml").policy.scored_metrics,
            workers=1,
            own_suite=load_suite(rules / "suite.yaml"),
            generator=Generator(generator.url),
        )
        evidence_of(ALL_MODELS if draws_all() else MODELS, settings)
        return {"archive": settings.archive.root}

    return Recordings(Path(make_once(run_folder(tmp_path_factory), "recordings", make)["archive"]))
