"""What a prompt's words mean for a scene: one table per kind of word.

Colours are linear RGB in 0..1.
"""

from dataclasses import dataclass
from enum import StrEnum

Colour = tuple[float, float, float]


class Shape(StrEnum):
    BALL = "ball"
    BOX = "box"
    RING = "ring"
    DIAMOND = "diamond"
    TRIANGLE = "triangle"
    STAR = "star"


class ActorMotion(StrEnum):
    BOUNCE = "bounce"
    ORBIT = "orbit"
    SLIDE = "slide"
    SWING = "swing"
    WAVE = "wave"
    SPIN = "spin"
    PULSE = "pulse"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True)
class Ground:
    """A background: colours at the top and the bottom, and what its texture is like.

    ``horizon`` is the height of the ground's edge (0 top, 1 bottom; above 1: no ground);
    ``wavelength`` is that of the texture, as a share of the frame's shorter side.
    """

    top: Colour
    bottom: Colour
    ground: Colour
    horizon: float
    wavelength: float
    amplitude: float


COLOURS: dict[str, Colour] = {
    "red": (0.86, 0.16, 0.14),
    "crimson": (0.70, 0.07, 0.18),
    "orange": (0.95, 0.52, 0.12),
    "yellow": (0.96, 0.83, 0.20),
    "golden": (0.88, 0.68, 0.18),
    "green": (0.18, 0.62, 0.27),
    "lime": (0.60, 0.85, 0.22),
    "teal": (0.10, 0.58, 0.56),
    "cyan": (0.20, 0.80, 0.88),
    "blue": (0.15, 0.33, 0.82),
    "navy": (0.10, 0.15, 0.42),
    "purple": (0.48, 0.22, 0.68),
    "pink": (0.95, 0.52, 0.70),
    "brown": (0.45, 0.28, 0.15),
    "white": (0.95, 0.95, 0.93),
    "black": (0.09, 0.09, 0.11),
    "grey": (0.52, 0.53, 0.55),
    "silver": (0.74, 0.76, 0.79),
}

SHAPES: dict[str, Shape] = {
    **dict.fromkeys(("ball", "balloon", "circle", "moon", "sun", "planet", "bubble"), Shape.BALL),
    **dict.fromkeys(("box", "cube", "square", "crate", "block", "dice"), Shape.BOX),
    **dict.fromkeys(("ring", "hoop", "wheel", "donut", "tyre"), Shape.RING),
    **dict.fromkeys(("diamond", "kite", "gem", "crystal"), Shape.DIAMOND),
    **dict.fromkeys(("triangle", "pyramid", "sail", "tent"), Shape.TRIANGLE),
    **dict.fromkeys(("star", "flower", "spark", "starfish"), Shape.STAR),
}

MOTIONS: dict[str, ActorMotion] = {
    **dict.fromkeys(
        ("bounces", "bouncing", "bounce", "jumps", "jumping", "hops"), ActorMotion.BOUNCE
    ),
    **dict.fromkeys(
        ("orbits", "orbiting", "orbit", "circling", "circles", "around"), ActorMotion.ORBIT
    ),
    **dict.fromkeys(("slides", "sliding", "slide", "races", "rolls", "rolling"), ActorMotion.SLIDE),
    **dict.fromkeys(("swings", "swinging", "swing", "pendulum", "hanging"), ActorMotion.SWING),
    **dict.fromkeys(
        ("waves", "sails", "sailing", "surfs", "weaving", "swimming"), ActorMotion.WAVE
    ),
    **dict.fromkeys(
        ("spins", "spinning", "spin", "rotates", "rotating", "turning"), ActorMotion.SPIN
    ),
    **dict.fromkeys(
        ("pulses", "pulsing", "pulse", "breathing", "grows", "beating"), ActorMotion.PULSE
    ),
    **dict.fromkeys(
        ("drifts", "drifting", "floats", "floating", "rises", "falling"), ActorMotion.DRIFT
    ),
}

GROUNDS: dict[str, Ground] = {
    "sea": Ground((0.55, 0.75, 0.90), (0.80, 0.88, 0.93), (0.10, 0.36, 0.55), 0.58, 0.06, 0.07),
    "ocean": Ground((0.45, 0.66, 0.86), (0.75, 0.85, 0.92), (0.06, 0.26, 0.46), 0.48, 0.08, 0.08),
    "desert": Ground((0.62, 0.76, 0.88), (0.93, 0.86, 0.72), (0.82, 0.64, 0.38), 0.62, 0.10, 0.06),
    "field": Ground((0.50, 0.72, 0.92), (0.80, 0.90, 0.95), (0.30, 0.55, 0.20), 0.60, 0.05, 0.07),
    "snow": Ground((0.60, 0.70, 0.82), (0.82, 0.87, 0.92), (0.90, 0.93, 0.96), 0.64, 0.12, 0.04),
    "city": Ground((0.40, 0.45, 0.58), (0.72, 0.66, 0.62), (0.26, 0.27, 0.31), 0.66, 0.05, 0.06),
    "forest": Ground((0.32, 0.50, 0.44), (0.45, 0.62, 0.45), (0.12, 0.28, 0.15), 0.52, 0.05, 0.08),
    "space": Ground((0.05, 0.04, 0.13), (0.12, 0.08, 0.22), (0.12, 0.08, 0.22), 2.0, 0.09, 0.05),
    "sky": Ground((0.28, 0.52, 0.86), (0.74, 0.86, 0.95), (0.74, 0.86, 0.95), 2.0, 0.16, 0.05),
    "studio": Ground((0.78, 0.76, 0.73), (0.62, 0.60, 0.58), (0.48, 0.46, 0.45), 0.72, 0.07, 0.04),
    "room": Ground((0.72, 0.62, 0.52), (0.80, 0.71, 0.60), (0.42, 0.28, 0.20), 0.70, 0.06, 0.06),
    "lake": Ground((0.66, 0.74, 0.84), (0.90, 0.84, 0.78), (0.24, 0.42, 0.52), 0.55, 0.07, 0.06),
}

# Times of day multiply and tint every colour of the background.
LIGHTS: dict[str, Colour] = {
    "night": (0.30, 0.34, 0.52),
    "evening": (0.90, 0.62, 0.50),
    "sunset": (1.05, 0.68, 0.48),
    "dawn": (0.95, 0.78, 0.80),
    "fog": (0.90, 0.92, 0.94),
    "storm": (0.52, 0.56, 0.62),
}

COUNTS: dict[str, int] = {"one": 1, "two": 2, "pair": 2, "three": 3, "several": 3, "many": 3}
