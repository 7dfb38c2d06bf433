"""Prompt suites: what they hold, and the keys that clips are paired by."""

from pathlib import Path

import pytest

from framegate.generator.request import VideoRequest
from framegate.generator.scene.scene import DAYLIGHT, scene_of
from framegate.generator.scene.vocabulary import GROUNDS, LIGHTS, ActorMotion, Shape
from framegate.quality.gate.policy.suite import load_suite
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.signals.names import Workload

HEAD = "version: 1\nname: s\n"


def test_our_suite_shows_every_kind_of_scene() -> None:
    suite = load_suite()
    scenes = [scene_of(one.prompt, one.seed) for one in suite.clips]
    assert suite.prompts >= 40
    assert {actor.shape for scene in scenes for actor in scene.actors} == set(Shape)
    assert {actor.motion for scene in scenes for actor in scene.actors} == set(ActorMotion)
    assert {scene.ground for scene in scenes} == set(GROUNDS.values())
    assert {scene.light for scene in scenes} == {DAYLIGHT, *LIGHTS.values()}
    assert {len(scene.actors) for scene in scenes} == {1, 2, 3}
    assert {one.workload for one in suite.clips} == set(Workload)


def test_a_category_of_our_suite_is_a_motion() -> None:
    for one in load_suite().clips:
        scene = scene_of(one.prompt, one.seed)
        assert {actor.motion.value for actor in scene.actors} == {one.category}, one.prompt


def test_a_clip_has_the_same_key_as_the_generators_job() -> None:
    for one in load_suite().clips:
        request = VideoRequest(
            prompt=one.prompt,
            width=one.width,
            height=one.height,
            seconds=one.seconds,
            fps=one.fps,
            seed=one.seed,
            model="ref-1",
            steps=4,
            workload=one.workload,
            tenant="t",
        )
        assert request.prompt_id == one.key


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 1\nname: s\nprompts: []", "prompts"),
        (HEAD + "prompts: [{prompt: a, sed: 1}]", ":3: prompts.0.sed: unknown key; did you mean"),
        (HEAD + "prompts: [{prompt: a, size: big}]", "size"),
        (HEAD + "prompts: [{prompt: a, seed: 1, seeds: [2]}]", "both seed and seeds"),
        (HEAD + "prompts: [{prompt: a, weight: 0}]", "weight"),
        (HEAD + "prompts: [{prompt: a, duration: -1}]", "duration"),
        (HEAD + "prompts: [{prompt: a}, {prompt: a}]", "is a duplicate"),
        (HEAD + "prompts: [{prompt: a, class: soon}]", "class"),
    ],
)
def test_a_wrong_suite_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        load_suite(path)


def test_the_digest_is_of_what_counts(tmp_path: Path) -> None:
    def digest(text: str) -> str:
        path = tmp_path / "suite.yaml"
        path.write_text(HEAD + text)
        return load_suite(path).digest

    first = digest("prompts: [{prompt: a, seed: 1}, {prompt: b}]")
    assert first == digest("# said otherwise\nprompts: [{prompt: b}, {seed: 1, prompt: a}]")
    assert first != digest("prompts: [{prompt: a, seed: 2}, {prompt: b}]")
    assert first != digest("prompts: [{prompt: a, seed: 1, weight: 2}, {prompt: b}]")


def test_all_seeds_of_a_prompt_are_one_unit(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(HEAD + "prompts: [{prompt: a, seeds: [1, 2, 3]}]")
    suite = load_suite(path)
    assert (len(suite.clips), suite.prompts) == (3, 1)
    assert len({one.key for one in suite.clips}) == 3
