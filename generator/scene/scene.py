"""Prompt and seed to a scene: who is where at any time, in closed form."""

import hashlib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from framegate.generator.scene.vocabulary import (
    COLOURS,
    COUNTS,
    GROUNDS,
    LIGHTS,
    MOTIONS,
    SHAPES,
    ActorMotion,
    Colour,
    Ground,
    Shape,
)

DAYLIGHT: Colour = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Actor:
    """One moving thing; lengths are shares of the frame's shorter side, angles radians."""

    shape: Shape
    motion: ActorMotion
    colour: Colour
    radius: float
    home_x: float
    home_y: float
    reach: float
    speed: float  # cycles per second
    phase: float  # of its motion, in cycles
    turn: float  # radians per second
    stripe: float  # stripes across the thing; 0 for none


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that decides every pixel of a clip."""

    ground: Ground
    light: Colour
    drift: float  # how fast the background's texture moves, in wavelengths per second
    texture_phase: float
    actors: tuple[Actor, ...]


@dataclass(frozen=True, slots=True)
class Pose:
    """Where an actor is at one moment; x and y run from 0 to 1 across the frame."""

    x: float
    y: float
    radius: float
    angle: float


def scene_of(prompt: str, seed: int) -> Scene:
    """The scene that a prompt and a seed mean; the same on every machine.

    Words that the tables know decide; what the prompt leaves open is drawn from both.
    """
    digest = hashlib.sha256(f"{seed}\n{prompt}".encode()).digest()
    random = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    words = re.findall(r"[a-z]+", prompt.lower())
    singular = [word[:-1] if word.endswith("s") and word[:-1] in SHAPES else word for word in words]
    shapes = [SHAPES[word] for word in singular if word in SHAPES]
    colours = [COLOURS[word] for word in words if word in COLOURS]
    motions = [MOTIONS[word] for word in words if word in MOTIONS]
    count = next((COUNTS[word] for word in words if word in COUNTS), max(1, min(3, len(shapes))))
    grounds = [GROUNDS[word] for word in words if word in GROUNDS]
    return Scene(
        ground=grounds[0] if grounds else random_choice(random, list(GROUNDS.values())),
        light=next((LIGHTS[word] for word in words if word in LIGHTS), DAYLIGHT),
        drift=random.uniform(0.1, 0.4),
        texture_phase=random.uniform(0.0, 1.0),
        actors=tuple(
            random_actor(
                random,
                shape=shapes[index % len(shapes)] if shapes else random_choice(random, list(Shape)),
                motion=motions[index % len(motions)]
                if motions
                else random_choice(random, list(ActorMotion)),
                colour=colours[index % len(colours)]
                if colours
                else random_choice(random, VIVID_COLOURS),
                place=(index + 0.5) / count,
            )
            for index in range(count)
        ),
    )


VIVID_COLOURS = [
    COLOURS[name] for name in ("red", "orange", "yellow", "green", "cyan", "blue", "pink")
]


Item = TypeVar("Item")


def random_choice(random: np.random.Generator, items: list[Item]) -> Item:
    return items[int(random.integers(len(items)))]


def random_actor(
    random: np.random.Generator, *, shape: Shape, motion: ActorMotion, colour: Colour, place: float
) -> Actor:
    return Actor(
        shape=shape,
        motion=motion,
        colour=colour,
        radius=random.uniform(0.13, 0.20),
        home_x=0.15 + 0.7 * place + random.uniform(-0.04, 0.04),
        home_y=random.uniform(0.42, 0.58),
        reach=random.uniform(0.12, 0.24),
        speed=random.uniform(0.35, 0.7),
        phase=random.uniform(0.0, 1.0),
        turn=random.choice([-1.0, 1.0]) * random.uniform(0.4, 1.2),
        stripe=random.choice([0.0, 2.0, 3.0, 4.0]),
    )


def pose_at(actor: Actor, seconds: float) -> Pose:
    """Where the actor is; any moment can be asked for without the ones before it."""
    cycle = actor.phase + actor.speed * seconds
    shift = MOVES[actor.motion](cycle)
    return Pose(
        x=actor.home_x + actor.reach * shift.x,
        y=actor.home_y + actor.reach * shift.y,
        radius=actor.radius * shift.growth,
        angle=actor.turn * seconds * shift.spin + shift.lean,
    )


@dataclass(frozen=True, slots=True)
class Shift:
    """How a motion moves an actor from its home; x and y in units of its reach."""

    x: float = 0.0
    y: float = 0.0
    growth: float = 1.0
    spin: float = 1.0
    lean: float = 0.0


def bounce(cycle: float) -> Shift:
    return Shift(y=1.0 - 2.0 * abs(math.sin(math.pi * cycle)))


def orbit(cycle: float) -> Shift:
    return Shift(x=math.cos(math.tau * cycle), y=math.sin(math.tau * cycle))


def slide(cycle: float) -> Shift:
    return Shift(x=2.0 * triangle_wave(cycle))


def swing(cycle: float) -> Shift:
    lean = 0.9 * math.sin(math.tau * cycle)
    return Shift(x=1.6 * math.sin(lean), y=math.cos(lean), spin=0.0, lean=-lean)


def wave(cycle: float) -> Shift:
    return Shift(x=1.5 * triangle_wave(cycle / 2), y=0.4 * math.sin(2 * math.tau * cycle))


def spin(_: float) -> Shift:
    return Shift(spin=3.0)


def pulse(cycle: float) -> Shift:
    return Shift(growth=1.0 + 0.35 * math.sin(math.tau * cycle))


def drift(cycle: float) -> Shift:
    return Shift(x=0.5 * math.sin(math.tau * cycle / 3), y=1.5 * math.sin(math.pi * cycle))


MOVES: dict[ActorMotion, Callable[[float], Shift]] = {
    ActorMotion.BOUNCE: bounce,
    ActorMotion.ORBIT: orbit,
    ActorMotion.SLIDE: slide,
    ActorMotion.SWING: swing,
    ActorMotion.WAVE: wave,
    ActorMotion.SPIN: spin,
    ActorMotion.PULSE: pulse,
    ActorMotion.DRIFT: drift,
}


def triangle_wave(cycle: float) -> float:
    """-1..1..-1 over one cycle, at constant speed."""
    return 4.0 * abs(cycle % 1.0 - 0.5) - 1.0
