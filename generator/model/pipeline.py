"""A request to frames, one at a time; nothing of a frame is kept once it is handed on."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from framegate.generator.model.denoiser import fold_controls
from framegate.generator.model.model import Model
from framegate.generator.model.patch_codec import COEFFICIENTS, PATCH
from framegate.generator.model.sampler import sample
from framegate.generator.model.versions import ModelVersion, NoiseSource
from framegate.generator.request import VideoRequest
from framegate.generator.scene.render import control_maps
from framegate.generator.scene.scene import Scene, scene_of

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Frame:
    """One finished frame (H, W, 3), 8-bit RGB, and what it cost."""

    index: int
    rgb: Pixels
    started_ns: int
    denoise_seconds: float
    decode_seconds: float


def generate_frames(model: Model, request: VideoRequest) -> Iterator[Frame]:
    """The clip's frames in order; the same request and model give the same frames."""
    version = model.version
    scene = paintable_scene(version, scene_of(request.prompt, request.seed))
    last = max(1, round(request.frame_count * version.still_after)) - 1
    for index in range(request.frame_count):
        started_ns, started = time.time_ns(), time.perf_counter()
        moment = min(index, last)
        controls = controls_at(scene, request, moment)
        noise = noise_for(request, 0 if version.noise is NoiseSource.SHARED else moment)
        with torch.inference_mode():
            for _ in range(version.passes):
                latent = sample(model.denoiser, noise, controls, steps=request.steps)
            painted = time.perf_counter()
            pixels = model.codec.decode(latent)[0]
        rgb = to_bytes(pixels)
        decoded = time.perf_counter()
        yield Frame(index, rgb, started_ns, painted - started, decoded - painted)


def paintable_scene(version: ModelVersion, scene: Scene) -> Scene:
    """The scene without what a version does not paint."""
    actors = tuple(actor for actor in scene.actors if actor.motion not in version.blind_to)
    return replace(scene, actors=actors)


def controls_at(scene: Scene, request: VideoRequest, index: int) -> Tensor:
    maps = control_maps(scene, index / request.fps, width=request.width, height=request.height)
    return fold_controls(torch.from_numpy(maps)[None])


def noise_for(request: VideoRequest, index: int) -> Tensor:
    """The starting noise; ``index`` chooses one of the request's noises."""
    seed = (int(request.prompt_id, 16) + index) % 2**63
    shape = (1, COEFFICIENTS, request.height // PATCH, request.width // PATCH)
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def to_bytes(pixels: Tensor) -> Pixels:
    """(3, H, W) around 0..1 to (H, W, 3) 8-bit."""
    levels = pixels.mul(255.0).add_(0.5).clamp_(0.0, 255.0).to(torch.uint8)
    return np.asarray(levels.permute(1, 2, 0).contiguous().numpy())
