"""Scenes and their true frames."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from framegate.generator.scene.render import CONTROL_CHANNELS, control_maps, render
from framegate.generator.scene.scene import pose_at, scene_of
from framegate.generator.scene.vocabulary import (
    COLOURS,
    GROUNDS,
    MOTIONS,
    SHAPES,
    ActorMotion,
    Shape,
)


def test_words_of_the_prompt_decide() -> None:
    scene = scene_of("Two golden stars orbiting in space", 1)
    assert scene.ground == GROUNDS["space"]
    assert [actor.shape for actor in scene.actors] == [Shape.STAR, Shape.STAR]
    assert [actor.motion for actor in scene.actors] == [ActorMotion.ORBIT, ActorMotion.ORBIT]
    assert [actor.colour for actor in scene.actors] == [COLOURS["golden"]] * 2


def test_a_prompt_of_unknown_words_still_has_a_scene() -> None:
    assert len(scene_of("日本の夏", 1).actors) == 1


def test_seeds_differ_and_processes_do_not() -> None:
    prompt = "a ball"
    assert scene_of(prompt, 1) != scene_of(prompt, 2)
    code = f"from framegate.generator.scene.scene import scene_of; print(scene_of({prompt!r}, 1))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(scene_of(prompt, 1))


@pytest.mark.parametrize("motion", sorted(ActorMotion))
def test_things_move_without_jumps(motion: ActorMotion) -> None:
    word = next(word for word, meaning in MOTIONS.items() if meaning is motion)
    (actor,) = scene_of(f"a ball {word}", 3).actors
    poses = [pose_at(actor, n / 240) for n in range(240 * 8)]
    steps = [np.hypot(after.x - before.x, after.y - before.y) for before, after in pairwise(poses)]
    assert max(steps) < 0.012
    changing = {(round(pose.x, 3), round(pose.y, 3), round(pose.radius, 3)) for pose in poses}
    assert len(changing) > 100 or motion is ActorMotion.SPIN


@pytest.mark.parametrize("shape", sorted(Shape))
def test_every_shape_is_drawn_in_its_colour(shape: Shape) -> None:
    word = next(word for word, meaning in SHAPES.items() if meaning is shape)
    frame = render(scene_of(f"a red {word} in the sky", 1), 0.0, width=256, height=256)
    red = (frame[..., 0] > 100) & (frame[..., 1] < 80) & (frame[..., 2] < 80)
    assert 0.01 < red.mean() < 0.3


def test_any_frame_size_has_maps_of_its_own_size() -> None:
    scene = scene_of("a blue cube over the sea", 1)
    assert render(scene, 0.5, width=320, height=256).shape == (256, 320, 3)
    maps = control_maps(scene, 0.5, width=320, height=256)
    assert maps.shape == (CONTROL_CHANNELS, 64, 80)
    assert np.abs(maps).max() <= 1.5


def test_forty_prompts_give_forty_pictures() -> None:
    looks = [(colour, shape) for colour in list(COLOURS)[:8] for shape in list(SHAPES)[::6]]
    scenes = [scene_of(f"a {colour} {shape}", 1) for colour, shape in looks]
    pictures = {render(scene, 0.0, width=64, height=64).tobytes() for scene in scenes}
    assert len(pictures) == len(scenes) >= 40
