"""The rollout: who makes a clip that names no version, and what a restart remembers."""

import json
from pathlib import Path

import pytest

from framegate.generator.request import RequestError
from framegate.generator.service.rollout import HASH_SPACE, Registry
from framegate.telemetry.platform.errors import InputError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool" / "rollout.json"


def share_of(registry: Registry, model: str) -> float:
    hashes = range(0, HASH_SPACE, HASH_SPACE // 1000)
    return sum(registry.choose(one) == model for one in hashes) / len(hashes)


def test_without_a_canary_all_goes_to_the_stable_version(path: Path) -> None:
    assert share_of(Registry(path), "ref-1") == 1.0


def test_a_canary_gets_its_share_and_the_same_request_the_same_version(path: Path) -> None:
    registry = Registry(path)
    registry.start_canary("ref-2-draft", 0.2)
    assert share_of(registry, "ref-2-draft") == pytest.approx(0.2, abs=0.01)
    assert {registry.choose(12345) for _ in range(9)} == {registry.choose(12345)}


def test_a_restart_remembers(path: Path) -> None:
    registry = Registry(path)
    registry.start_canary("ref-2-draft", 0.5)
    registry.roll_back("ref-2-draft", "worse")
    again = Registry(path)
    assert again.rollout == registry.rollout
    assert again.rollout.canary is None
    assert [change.action for change in again.rollout.history] == ["canary", "rollback"]
    assert again.rollout.history[-1].reason == "worse"


def test_what_was_promoted_goes_back_to_what_was_before(path: Path) -> None:
    registry = Registry(path)
    registry.start_canary("ref-2-draft", 0.5)
    registry.promote("ref-2-draft")
    assert (registry.rollout.stable, registry.rollout.canary) == ("ref-2-draft", None)
    assert registry.roll_back("ref-2-draft", "worse").stable == "ref-1"


def test_rolling_back_twice_is_rolling_back_once(path: Path) -> None:
    registry = Registry(path)
    registry.start_canary("ref-2-draft", 0.5)
    first = registry.roll_back("ref-2-draft", "worse")
    assert registry.roll_back("ref-2-draft", "worse") == first


def test_what_cannot_be_is_refused(path: Path) -> None:
    registry = Registry(path)
    for share in (0.0, 1.1, float("nan")):
        with pytest.raises(RequestError, match="share"):
            registry.start_canary("ref-2-draft", share)
    with pytest.raises(RequestError, match="model"):
        registry.start_canary("ref-1", 0.1)
    with pytest.raises(RequestError, match="model"):
        registry.start_canary("ref-9", 0.1)
    with pytest.raises(RequestError, match="model"):
        registry.promote("ref-9")
    with pytest.raises(RequestError, match="model"):
        registry.roll_back("ref-1", "worse")
    assert not path.exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"stable": "ref-9", "history": []}', "\x00"])
def test_a_file_that_is_no_rollout_is_named(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(InputError, match=r"rollout\.json"):
        Registry(path)


def test_half_a_file_is_never_seen(path: Path) -> None:
    registry = Registry(path)
    registry.start_canary("ref-2-draft", 0.5)
    path.with_suffix(".part").write_text('{"stable": "ref-')  # a write that was cut off
    assert Registry(path).rollout == registry.rollout
    assert json.loads(path.read_text())["canary"] == "ref-2-draft"
