"""Metrics beside scikit-image, OpenCV, pytorch-msssim and the lpips package, in one run.

``python -m bench.quality``
"""

import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path
from typing import Annotated, Any

import av
import cv2
import numpy as np
import torch
import typer
from numpy.typing import NDArray
from pytorch_msssim import ms_ssim, ssim
from skimage.metrics import structural_similarity

from bench.sides import Row, in_turns, ratio, row, show
from generator.render import render
from generator.scene import scene_of
from quality.metrics.lpips import distance, features, lpips_alex
from quality.metrics.ssim import ms_ssim_rgb, ssim_luma, ssim_rgb
from quality.oracles import package_lpips, skimage_ssim
from quality.score import score
from quality.video import opened

Pixels = NDArray[np.uint8]
Work = Callable[[], object]

PROMPT = "three golden stars orbiting over the sea"
FPS = 24
DISTINCT = 24  # frames of the footage, which repeat
# What the issue of speed is about: a clip of ten seconds, and what it is scored by.
WHOLE = ("ssim_wang_luma_v1", "flicker_fr_v1", "lpips_alex_s256_v1")
LPIPS_SAMPLES = 16
MEMORY = """
import resource, sys
from quality.score import score
score(sys.argv[1], sys.argv[2], metrics=sys.argv[3].split(","), lpips_every=15)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def frames_and_noisy(count: int, *, width: int, height: int) -> list[tuple[Pixels, Pixels]]:
    """Rendered frames with some grain, each with a copy that has more."""
    random = np.random.default_rng(1)
    scene = scene_of(PROMPT, 1)
    pairs = []
    for index in range(count):
        frame = render(scene, index / FPS, width=width, height=height)
        grain = [random.normal(0.0, sigma, frame.shape) for sigma in (3.0, 6.0)]
        first, second = (np.clip(frame + noise, 0, 255).astype(np.uint8) for noise in grain)
        pairs.append((first, second))
    return pairs


def against(title: str, work: dict[str, Work], *, repeats: int) -> list[Row]:
    """Milliseconds of each side, and how many times ours the others take."""
    seconds = in_turns(work, repeats=repeats)
    found = [row(f"{title}, {name}", "ms/frame", took, scale=1e3) for name, took in seconds.items()]
    others = [name for name in work if name != "ours"]
    return found + [
        ratio(f"{title}, {name} over ours", seconds[name], seconds["ours"]) for name in others
    ]


def ssim_rows(repeats: int) -> list[Row]:
    reference, clip = frames_and_noisy(1, width=1920, height=1080)[0]
    lumas = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (reference, clip)]
    first, second = (np.asarray(luma, np.uint8) for luma in lumas)
    tensors = [torch.from_numpy(f).permute(2, 0, 1)[None].float() for f in (reference, clip)]
    rgb: dict[str, Work] = {
        "ours": lambda: ssim_rgb(reference, clip),
        "scikit-image": lambda: skimage_ssim(reference, clip),
        "pytorch-msssim": lambda: ssim(*tensors, data_range=255),
    }
    luma: dict[str, Work] = {
        "ours": lambda: ssim_luma(first, second, peak=255.0),
        "scikit-image": lambda: skimage_luma(first, second),
        "OpenCV": lambda: opencv_ssim(first, second),
    }
    scales: dict[str, Work] = {
        "ours": lambda: ms_ssim_rgb(reference, clip),
        "pytorch-msssim": lambda: ms_ssim(*tensors, data_range=255),
    }
    apart = abs(ssim_rgb(reference, clip) - skimage_ssim(reference, clip))
    return [
        *against("SSIM RGB", rgb, repeats=repeats),
        row("SSIM RGB, |ours - scikit-image|", "", [apart]),
        *against("SSIM luma", luma, repeats=repeats),
        *against("MS-SSIM RGB", scales, repeats=repeats),
    ]


def skimage_luma(first: Pixels, second: Pixels) -> float:
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return float(structural_similarity(first, second, data_range=255, **settings))


def opencv_ssim(first: Pixels, second: Pixels) -> float:
    """The usual few lines: five blurs in single precision."""
    a, b = first.astype(np.float32), second.astype(np.float32)

    def blurred(values: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(cv2.GaussianBlur(values, (11, 11), 1.5))[5:-5, 5:-5]

    mean_a, mean_b = blurred(a), blurred(b)
    variances = blurred(a * a) - mean_a**2 + blurred(b * b) - mean_b**2
    covariance = blurred(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    level = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    return float((level * (2 * covariance + c2) / (variances + c2)).mean())


def lpips_rows(repeats: int) -> list[Row]:
    pair = frames_and_noisy(1, width=256, height=256)[0]
    (known,) = features([pair[0]])
    work: dict[str, Work] = {
        "ours": lambda: lpips_alex(*pair),
        "ours, reference known": lambda: distance(known, features([pair[1]])[0]),
        "lpips package": lambda: package_lpips(*pair),
    }
    seconds = in_turns(work, repeats=repeats)
    theirs = seconds["lpips package"]
    return [
        *(
            row(f"LPIPS 256x256, {name}", "ms/frame", took, scale=1e3)
            for name, took in seconds.items()
        ),
        ratio("LPIPS, package over ours", theirs, seconds["ours"]),
        ratio(
            "LPIPS, package over ours with a known reference",
            theirs,
            seconds["ours, reference known"],
        ),
        row("LPIPS, |ours - package|", "", [abs(lpips_alex(*pair) - package_lpips(*pair))]),
    ]


def encoded(path: Path, frames: Sequence[Pixels], *, seconds: int, crf: int) -> Path:
    """H.264 4:2:0 of that length, its frames repeated as needed."""
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as container:
        options = {"crf": str(crf), "preset": "veryfast"}
        stream: Any = container.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, FPS)
        for index, pixels in enumerate(islice(cycle(frames), seconds * FPS)):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def pair_of_clips(folder: Path, *, width: int, height: int, seconds: int) -> tuple[Path, Path]:
    pairs = frames_and_noisy(DISTINCT, width=width, height=height)
    name = f"{height}p-{seconds}s"
    reference = encoded(folder / f"{name}-a.mp4", [a for a, _ in pairs], seconds=seconds, crf=18)
    clip = encoded(folder / f"{name}-b.mp4", [b for _, b in pairs], seconds=seconds, crf=23)
    return reference, clip


def decode(paths: Sequence[Path]) -> None:
    for path in paths:
        with opened(path) as video:
            for picture in video.pictures:
                _ = picture.luma


def clip_rows(folder: Path, repeats: int) -> list[Row]:
    """A pair of ten seconds, file to score, at three sizes; the decoder's share of it."""
    found = []
    for width, height in ((640, 360), (1280, 720), (1920, 1080)):
        clips = pair_of_clips(folder, width=width, height=height, seconds=10)
        every = 10 * FPS // LPIPS_SAMPLES
        work: dict[str, Work] = {
            "score": lambda: score(*clips, metrics=WHOLE, lpips_every=every),  # noqa: B023
            "decode": lambda: decode(clips),  # noqa: B023
        }
        seconds = in_turns(work, repeats=repeats)
        megabits = sum(path.stat().st_size for path in clips) * 8e-6 / 20
        title = f"10 s pair, {width}x{height}, {megabits:.0f} Mb/s"
        found += [row(f"{title}, {name}", "s", took) for name, took in seconds.items()]
        found.append(ratio(f"{title}, score over decode", seconds["score"], seconds["decode"]))
    return found


def memory_rows(folder: Path) -> list[Row]:
    """Peak memory of a process that scores a short clip and a long one."""
    peaks = []
    for seconds in (10, 120):
        clips = pair_of_clips(folder, width=1920, height=1080, seconds=seconds)
        command = [sys.executable, "-c", MEMORY, *map(str, clips), ",".join(WHOLE)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks.append(float(done.stdout) * resource.getpagesize() / 4096 / 1024)
    titles = ("10 s", "120 s")
    return [
        row(f"peak memory, 1080p, {title}", "MiB", [peak])
        for title, peak in zip(titles, peaks, strict=True)
    ]


def main(
    repeats: Annotated[int, typer.Option(help="Rounds of each comparison.", min=1)] = 9,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Quality metrics against their peers; frames on one thread, clips on all."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    rows = ssim_rows(repeats) + lpips_rows(2 * repeats)
    with tempfile.TemporaryDirectory() as folder:
        rows += clip_rows(Path(folder), max(1, repeats // 3)) + memory_rows(Path(folder))
    show("Quality metrics, 1920x1080 unless said", rows, as_json=as_json)


if __name__ == "__main__":
    typer.run(main)
