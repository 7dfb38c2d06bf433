"""SSIM and LPIPS beside scikit-image and the lpips package, on the same frames in one run.

``python -m bench.quality``
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray

from bench.sides import Row, in_turns, ratio, row, show
from generator.encode import Encoder
from generator.render import render
from generator.scene import scene_of
from quality.metrics.lpips import lpips_alex
from quality.metrics.ssim import ssim_rgb
from quality.oracles import package_lpips, skimage_ssim
from quality.video import opened

Pixels = NDArray[np.uint8]

PROMPT = "three golden stars orbiting over the sea"
DECODED_FRAMES = 24


def frames_and_noisy(count: int, *, width: int, height: int) -> list[tuple[Pixels, Pixels]]:
    """Rendered frames, each with a noisy copy."""
    random = np.random.default_rng(1)
    scene = scene_of(PROMPT, 1)
    pairs = []
    for index in range(count):
        frame = render(scene, index / 24, width=width, height=height)
        noise = random.normal(0.0, 6.0, frame.shape)
        pairs.append((frame, np.clip(frame + noise, 0, 255).astype(np.uint8)))
    return pairs


def ssim_rows(repeats: int) -> list[Row]:
    pairs = frames_and_noisy(DECODED_FRAMES, width=1920, height=1080)
    with tempfile.TemporaryDirectory() as folder:
        video = encoded(Path(folder) / "noisy.mp4", [noisy for _, noisy in pairs])
        seconds = in_turns(
            {
                "ours": lambda: ssim_rgb(*pairs[0]),
                "scikit-image": lambda: skimage_ssim(*pairs[0]),
                "decode": lambda: decode(video),
            },
            repeats=repeats,
        )
    ours, theirs = seconds["ours"], seconds["scikit-image"]
    difference = [abs(ssim_rgb(*pair) - skimage_ssim(*pair)) for pair in pairs[:3]]
    return [
        row("SSIM 1920x1080 RGB, ours", "ms/frame", ours, scale=1e3),
        row("SSIM 1920x1080 RGB, scikit-image", "ms/frame", theirs, scale=1e3),
        ratio("SSIM, scikit-image over ours", theirs, ours),
        row("SSIM, |ours - scikit-image|", "", difference),
        row("decode H.264 1920x1080 to RGB", "ms/frame", seconds["decode"], scale=1e3 / len(pairs)),
    ]


def encoded(path: Path, frames: Sequence[Pixels]) -> Path:
    encoder = Encoder(width=1920, height=1080, fps=24)
    data = encoder.header() + b"".join(encoder.add(frame, wall_ns=0) for frame in frames)
    path.write_bytes(data + encoder.finish(wall_ns=0))
    return path


def decode(path: Path) -> None:
    with opened(path) as video:
        for picture in video.pictures:
            _ = picture.rgb


def lpips_rows(repeats: int) -> list[Row]:
    pair = frames_and_noisy(1, width=256, height=256)[0]
    seconds = in_turns(
        {"ours": lambda: lpips_alex(*pair), "lpips": lambda: package_lpips(*pair)},
        repeats=repeats,
    )
    ours, theirs = seconds["ours"], seconds["lpips"]
    return [
        row("LPIPS 256x256, ours", "ms/frame", ours, scale=1e3),
        row("LPIPS 256x256, lpips package", "ms/frame", theirs, scale=1e3),
        ratio("LPIPS, lpips package over ours", theirs, ours),
        row("LPIPS, |ours - lpips package|", "", [abs(lpips_alex(*pair) - package_lpips(*pair))]),
    ]


def main(
    repeats: Annotated[int, typer.Option(help="Rounds of each comparison.", min=1)] = 15,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Quality metrics against their peers; one thread each."""
    torch.set_num_threads(1)
    rows = ssim_rows(repeats) + lpips_rows(4 * repeats)
    show("Quality metrics, one thread", rows, as_json=as_json)


if __name__ == "__main__":
    typer.run(main)
