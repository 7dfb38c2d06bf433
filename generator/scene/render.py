"""The ground truth: a scene's pixels, and the maps that tell the model what to paint.

Both are closed-form functions of place and time.
Lengths in a scene are shares of the frame's shorter side; here they become pixels.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from framegate.generator.scene.scene import Actor, Pose, Scene, pose_at
from framegate.generator.scene.vocabulary import Colour, Shape

Floats = NDArray[np.float32]

CELL = 4  # pixels per side of one cell of the control maps
CONTROL_CHANNELS = 15
EDGE_PIXELS = 12.0  # farther from an edge than this, the maps say only "inside" or "outside"
LIGHT_X, LIGHT_Y = -0.6, -0.8


@dataclass(frozen=True, slots=True)
class PixelGrid:
    """Pixel centres to draw: a column of rows and a row of columns of one frame."""

    rows: Floats
    columns: Floats
    width: int
    height: int

    @property
    def side(self) -> float:
        return float(min(self.width, self.height))


@dataclass(frozen=True, slots=True)
class Backdrop:
    """The background on a window: flat colour, texture strength, and the texture's two phases."""

    colour: Floats
    amplitude: Floats
    phase: Floats
    cross_phase: Floats


@dataclass(frozen=True, slots=True)
class ActorRaster:
    """One actor on a window: signed distance to its edge in pixels (negative inside), paint."""

    distance: Floats
    shade: Floats
    stripes: Floats


def render(scene: Scene, seconds: float, *, width: int, height: int) -> NDArray[np.uint8]:
    """The frame at a moment: (height, width, 3), 8-bit RGB."""
    return to_bytes(draw_scene(scene, seconds, pixel_grid(width, height, step=1)))


def control_maps(scene: Scene, seconds: float, *, width: int, height: int) -> Floats:
    """What to paint: (CONTROL_CHANNELS, height / CELL, width / CELL), roughly in -1..1."""
    return control_maps_on_grid(scene, seconds, pixel_grid(width, height, step=CELL))


def to_bytes(pixels: Floats) -> NDArray[np.uint8]:
    return (pixels * 255.0 + 0.5).astype(np.uint8)


def pixel_grid(width: int, height: int, *, step: int) -> PixelGrid:
    """The centres of every ``step`` by ``step`` square of a frame."""
    return PixelGrid(
        rows=np.arange(step / 2, height, step, dtype=np.float32)[:, None],
        columns=np.arange(step / 2, width, step, dtype=np.float32)[None, :],
        width=width,
        height=height,
    )


def draw_scene(scene: Scene, seconds: float, window: PixelGrid) -> Floats:
    """Pixels (rows, columns, 3) in 0..1; edges are one pixel soft."""
    backdrop = backdrop_at(scene, seconds, window)
    pixels = backdrop.colour * texture_gain(backdrop)[..., None]
    for actor in scene.actors:
        look = rasterise_actor(actor, pose_at(actor, seconds), window)
        tone = (0.70 + 0.34 * look.shade) * (1.0 + 0.16 * np.sin(look.stripes))
        cover = np.clip(0.5 - look.distance, 0.0, 1.0)[..., None]
        pixels += cover * (tone[..., None] * np.array(actor.colour, np.float32) - pixels)
    return np.asarray(np.clip(pixels, 0.0, 1.0), np.float32)


def texture_gain(backdrop: Backdrop) -> Floats:
    wave = 0.6 * np.sin(backdrop.phase) + 0.4 * np.sin(backdrop.cross_phase)
    return np.asarray(1.0 + backdrop.amplitude * wave, np.float32)


def control_maps_on_grid(scene: Scene, seconds: float, window: PixelGrid) -> Floats:
    """The control maps on a window of cells.

    Channels: the colour below the nearest edge (3), the texture's strength and the sine and
    cosine of its two phases (5), the nearest actor's colour (3), the distance to its edge (1),
    its shade (1), the sine and cosine of its stripes (2).
    """
    backdrop = backdrop_at(scene, seconds, window)
    shape = backdrop.phase.shape
    below = backdrop.colour.copy()
    above = np.zeros_like(below)
    distance = np.full(shape, EDGE_PIXELS, np.float32)
    shade, stripes = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for actor in scene.actors:
        look = rasterise_actor(actor, pose_at(actor, seconds), window)
        near = look.distance < EDGE_PIXELS
        below[near & (distance < 0.0)] = above[near & (distance < 0.0)]
        above[near] = actor.colour
        distance[near] = look.distance[near]
        shade[near], stripes[near] = look.shade[near], look.stripes[near]
    edge = np.clip(distance / EDGE_PIXELS, -1.0, 1.0)
    return np.stack(
        [
            *np.moveaxis(below * 2.0 - 1.0, -1, 0),
            backdrop.amplitude * 10.0,
            *(wave(phase) for phase in (backdrop.phase, backdrop.cross_phase) for wave in WAVES),
            *np.moveaxis(above * 2.0 - 1.0, -1, 0),
            edge,
            shade,
            *(wave(stripes) for wave in WAVES),
        ]
    ).astype(np.float32)


WAVES = (np.sin, np.cos)


def backdrop_at(scene: Scene, seconds: float, window: PixelGrid) -> Backdrop:
    ground = scene.ground
    y = (window.rows / window.height).astype(np.float32)
    down = smooth_step(((y - ground.horizon) / 0.03 + 0.5).astype(np.float32))
    sky = mix_colours(
        apply_light(ground.top, scene.light), apply_light(ground.bottom, scene.light), y
    )
    colour = sky + down[..., None] * (
        np.array(apply_light(ground.ground, scene.light), np.float32) * (0.75 + 0.35 * y[..., None])
        - sky
    )
    turns = math.tau / (ground.wavelength * window.side)
    moved = math.tau * (scene.drift * seconds + scene.texture_phase)
    shape = (window.rows.size, window.columns.size)
    phase = turns * (window.rows + 0.35 * window.columns) + np.float32(moved)
    cross = 0.6 * turns * (window.columns - 0.5 * window.rows) - np.float32(0.7 * moved)
    amplitude = ground.amplitude * (0.35 + 0.65 * down)
    return Backdrop(
        colour=np.broadcast_to(colour, (*shape, 3)).astype(np.float32),
        amplitude=np.broadcast_to(amplitude, shape),
        phase=phase.astype(np.float32),
        cross_phase=cross.astype(np.float32),
    )


def apply_light(colour: Colour, light: Colour) -> Colour:
    red, green, blue = (min(1.0, part * tint) for part, tint in zip(colour, light, strict=True))
    return red, green, blue


def mix_colours(first: Colour, second: Colour, share: Floats) -> Floats:
    """From ``first`` at 0 to ``second`` at 1, with a colour axis added at the end."""
    start, end = np.array(first, np.float32), np.array(second, np.float32)
    return start + np.clip(share, 0.0, 1.0)[..., None] * (end - start)


def smooth_step(x: Floats) -> Floats:
    inside = np.clip(x, 0.0, 1.0)
    return np.asarray(inside * inside * (3.0 - 2.0 * inside), np.float32)


def rasterise_actor(actor: Actor, pose: Pose, window: PixelGrid) -> ActorRaster:
    radius = pose.radius * window.side
    dx = window.columns - pose.x * window.width
    dy = window.rows - pose.y * window.height
    cosine, sine = math.cos(pose.angle), math.sin(pose.angle)
    u = ((cosine * dx + sine * dy) / radius).astype(np.float32)
    v = ((cosine * dy - sine * dx) / radius).astype(np.float32)
    shade = np.clip((LIGHT_X * dx + LIGHT_Y * dy) / radius, -1.0, 1.0)
    return ActorRaster(
        distance=(SHAPE_DISTANCE[actor.shape](u, v) * radius).astype(np.float32),
        shade=shade.astype(np.float32),
        stripes=(math.pi * actor.stripe * u).astype(np.float32),
    )


def ball(u: Floats, v: Floats) -> Floats:
    return np.asarray(np.sqrt(u * u + v * v) - 1.0)


def box(u: Floats, v: Floats) -> Floats:
    out_u, out_v = np.abs(u) - 0.72, np.abs(v) - 0.72
    outside = np.sqrt(np.maximum(out_u, 0.0) ** 2 + np.maximum(out_v, 0.0) ** 2)
    return np.asarray(outside + np.minimum(np.maximum(out_u, out_v), 0.0) - 0.08)


def ring(u: Floats, v: Floats) -> Floats:
    return np.asarray(np.abs(np.sqrt(u * u + v * v) - 0.76) - 0.26)


def diamond(u: Floats, v: Floats) -> Floats:
    return np.asarray((np.abs(u) * 1.25 + np.abs(v) - 1.05) / 1.6)


def triangle(u: Floats, v: Floats) -> Floats:
    return np.asarray(np.maximum(np.abs(u) * 0.866 - v * 0.5 - 0.5, v - 0.6))


def star(u: Floats, v: Floats) -> Floats:
    """A soft five-pointed star: the radius varies with the direction."""
    reach = 0.78 + 0.24 * np.cos(5.0 * np.arctan2(v, u))
    return np.asarray((np.sqrt(u * u + v * v) - reach) * 0.75)


SHAPE_DISTANCE: dict[Shape, Callable[[Floats, Floats], Floats]] = {
    Shape.BALL: ball,
    Shape.BOX: box,
    Shape.RING: ring,
    Shape.DIAMOND: diamond,
    Shape.TRIANGLE: triangle,
    Shape.STAR: star,
}
