"""Makes the weights of the reference model.

``python -m framegate.generator.model.train --out generator/weights``

Runs for some minutes on two cores and is never run by CI.
The data are crops of rendered scenes at many sizes; the target is each crop's latent.
"""

import argparse
import math
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from framegate.generator.model.denoiser import Denoiser, fold_controls, to_channels_last
from framegate.generator.model.patch_codec import PATCH, Codec, fit_codec
from framegate.generator.scene.render import (
    CELL,
    Floats,
    PixelGrid,
    control_maps_on_grid,
    draw_scene,
    to_bytes,
)
from framegate.generator.scene.scene import Scene, scene_of
from framegate.generator.scene.vocabulary import COLOURS, GROUNDS, LIGHTS, MOTIONS, SHAPES

CROP = 128  # pixels per side of a training crop
SIDES = (256, 256, 256, 320, 384, 512, 768, 1024)  # frame sizes that crops are cut from
BATCH = 24
LEARNING_RATE = 2e-3
AVERAGE_DECAY = 0.998  # of the moving average of the weights, which is what is saved
CROPS_RENEWED_PER_STEP = 2  # crops of the pool replaced after every step
REPORT_EVERY = 100


def random_scene(random: np.random.Generator) -> Scene:
    """A scene from words that the tables know."""

    def word(table: Iterable[str]) -> str:
        return str(random.choice(sorted(table)))

    count = random.choice(["one", "two", "three"])
    things = " ".join(f"{word(COLOURS)} {word(SHAPES)}" for _ in range(3))
    light = word(LIGHTS) if random.random() < 0.4 else ""
    prompt = f"{count} {things} {word(MOTIONS)} {word(GROUNDS)} {light}"
    return scene_of(prompt, int(random.integers(2**31)))


def random_crop(random: np.random.Generator, crop: int) -> tuple[Floats, Floats]:
    """Pixels (3, crop, crop) and control maps of one crop, aligned to whole patches."""
    scene, side = random_scene(random), int(random.choice(SIDES))
    width, height = side, side
    if random.random() < 0.3:
        width = side * 16 // 9 // PATCH * PATCH
    top = int(random.integers((height - crop) // PATCH + 1)) * PATCH
    left = int(random.integers((width - crop) // PATCH + 1)) * PATCH
    seconds = float(random.uniform(0.0, 30.0))

    def cut(step: int) -> PixelGrid:
        offsets = np.arange(step / 2, crop, step, dtype=np.float32)
        return PixelGrid((top + offsets)[:, None], (left + offsets)[None, :], width, height)

    pixels = np.moveaxis(to_bytes(draw_scene(scene, seconds, cut(1))), -1, 0)
    return (pixels / 255.0).astype(np.float32), control_maps_on_grid(scene, seconds, cut(CELL))


def random_crops(
    random: np.random.Generator, count: int, *, crop: int = CROP
) -> tuple[Tensor, Tensor]:
    pixels, maps = zip(*(random_crop(random, crop) for _ in range(count)), strict=True)
    return torch.from_numpy(np.stack(pixels)).float(), torch.from_numpy(np.stack(maps)).float()


def denoising_loss(denoiser: Denoiser, clean: Tensor, controls: Tensor, noise: Tensor) -> Tensor:
    """Mean squared error of the predicted clean latent at random noise levels."""
    level = torch.rand(clean.shape[0]).sqrt()  # more often near pure noise, where steps begin
    mixed = clean + (noise - clean) * level[:, None, None, None]
    predicted: Tensor = denoiser(mixed, level, controls)
    return (predicted - clean).square().mean()


def learning_rate(done: float) -> float:
    """Half a cosine from LEARNING_RATE down to a fiftieth of it; ``done`` runs from 0 to 1."""
    return LEARNING_RATE * max(0.02, 0.5 + 0.5 * math.cos(math.pi * done))


def train(
    *, steps: int, seed: int, pool: int, crop: int = CROP, report_every: int = REPORT_EVERY
) -> tuple[Denoiser, Codec]:
    """Train on a pool of crops that is renewed as it is used; prints the mean loss as it goes."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    pixels, maps = random_crops(random, pool, crop=crop)
    codec = fit_codec(pixels)
    clean, controls = codec.encode(pixels), fold_controls(maps)
    denoiser = to_channels_last(Denoiser())
    optimiser = torch.optim.AdamW(denoiser.parameters(), lr=LEARNING_RATE, weight_decay=1e-4)
    average = AveragedModel(
        denoiser,
        multi_avg_fn=get_ema_multi_avg_fn(AVERAGE_DECAY),  # type: ignore[no-untyped-call]
    )
    started, total = time.monotonic(), 0.0
    for step in range(1, steps + 1):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step / steps)
        chosen = torch.randint(pool, (BATCH,))
        batch = clean[chosen]
        loss = denoising_loss(denoiser, batch, controls[chosen], torch.randn_like(batch))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(denoiser.parameters(), 1.0)
        optimiser.step()
        average.update_parameters(denoiser)
        fresh_pixels, fresh_maps = random_crops(random, CROPS_RENEWED_PER_STEP, crop=crop)
        where = torch.randint(pool, (CROPS_RENEWED_PER_STEP,))
        clean[where], controls[where] = codec.encode(fresh_pixels), fold_controls(fresh_maps)
        total += loss.item()
        if step % report_every == 0:
            spent = time.monotonic() - started
            print(f"{spent:6.0f} s  step {step:6d}  loss {total / report_every:.5f}", flush=True)
            total = 0.0
    trained = Denoiser()
    trained.load_state_dict(average.module.state_dict())
    return trained, codec


def save_weights(denoiser: Denoiser, codec: Codec, path: Path) -> None:
    tensors = {f"denoiser.{name}": value.half() for name, value in denoiser.state_dict().items()}
    tensors |= {"codec.basis": codec.basis, "codec.mean": codec.mean, "codec.scale": codec.scale}
    save_file({name: value.contiguous() for name, value in tensors.items()}, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pool", type=int, default=3000)
    arguments = parser.parse_args()
    denoiser, codec = train(steps=arguments.steps, seed=arguments.seed, pool=arguments.pool)
    arguments.out.mkdir(parents=True, exist_ok=True)
    save_weights(denoiser, codec, arguments.out / "ref.safetensors")


if __name__ == "__main__":
    main()
