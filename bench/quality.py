"""Metrics beside scikit-image, OpenCV, pytorch-msssim, lpips and FFmpeg, in one run.

``python -m bench.quality``
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path
from typing import Annotated, Any

import av
import cv2
import imageio_ffmpeg
import numpy as np
import torch
import typer
from numpy.typing import NDArray
from pytorch_msssim import ms_ssim, ssim
from skimage.metrics import structural_similarity

from bench.sides import Row, in_turns, ratio, row, show
from framegate.generator.scene.render import render
from framegate.generator.scene.scene import scene_of
from framegate.quality.metrics.lpips import distance, features, lpips_alex
from framegate.quality.metrics.ssim import ms_ssim_rgb, ssim_luma, ssim_rgb
from framegate.quality.scoring.oracles import lpips_network, package_lpips, skimage_ssim
from framegate.quality.scoring.score import score
from framegate.quality.video.decoder import open_video

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
from framegate.quality.scoring.score import score
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
        *together_rows(repeats),
    ]


def together_rows(repeats: int) -> list[Row]:
    """Four pairs in one go, on both sides."""
    pairs = frames_and_noisy(4, width=256, height=256)
    frames = [frame for pair in pairs for frame in pair]

    def ours() -> list[float]:
        found = features(frames)
        return [distance(*both) for both in zip(found[::2], found[1::2], strict=True)]

    def package() -> torch.Tensor:
        inputs = torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2).float() / 127.5 - 1.0
        with torch.inference_mode():
            return torch.as_tensor(lpips_network()(inputs[::2], inputs[1::2]))

    work: dict[str, Work] = {"ours": ours, "lpips package": package}
    seconds = in_turns(work, repeats=repeats)
    return [
        *(
            row(f"LPIPS 256x256, four pairs at once, {name}", "ms/frame", took, scale=250.0)
            for name, took in seconds.items()
        ),
        ratio("LPIPS four at once, package over ours", seconds["lpips package"], seconds["ours"]),
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
        with open_video(path) as video:
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


def ffmpeg_rows(folder: Path, repeats: int) -> list[Row]:
    """One metric of two files, decoding included, beside FFmpeg's own filters on one thread."""
    clips = pair_of_clips(folder, width=1920, height=1080, seconds=2)

    def ours(name: str) -> Work:
        return lambda: score(*clips, metrics=[name])

    work: dict[str, Work] = {
        "ours": ours("ssim_ffmpeg_v1"),
        "FFmpeg": lambda: filtered(clips, "ssim"),
        "ours, psnr_v1": ours("psnr_v1"),
        "FFmpeg psnr": lambda: filtered(clips, "psnr"),
        "FFmpeg libvmaf": lambda: filtered(clips, "libvmaf=n_threads=1"),
    }
    seconds = in_turns(work, repeats=repeats)
    scale = 1e3 / (2 * FPS)
    return [
        *(
            row(f"pair of files, {name}", "ms/frame", took, scale=scale)
            for name, took in seconds.items()
        ),
        ratio("FFmpeg's ssim over ssim_ffmpeg_v1", seconds["FFmpeg"], seconds["ours"]),
        ratio("libvmaf over ssim_ffmpeg_v1", seconds["FFmpeg libvmaf"], seconds["ours"]),
    ]


def filtered(clips: Sequence[Path], name: str) -> None:
    """Run FFmpeg's command line with a filter of two videos."""
    inputs = [part for path in clips for part in ("-threads", "1", "-i", str(path))]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *inputs]
    options = ("-filter_complex_threads", "1", "-lavfi", name, "-f", "null", "-")
    subprocess.run([*command, *options], check=True, capture_output=True)


def start_rows(folder: Path, repeats: int) -> list[Row]:
    """A process's first score: with the loops compiled by an earlier one, and with none."""
    clips = pair_of_clips(folder, width=640, height=360, seconds=1)
    command = [sys.executable, "-c", MEMORY, *map(str, clips), "ssim_wang_rgb_v1"]

    def start(cache: str) -> None:
        environment = os.environ | {"NUMBA_CACHE_DIR": cache}
        subprocess.run(command, env=environment, check=True, capture_output=True)

    kept = str(folder / "kept")
    work: dict[str, Work] = {
        "loops compiled before": lambda: start(kept),
        "nothing compiled": lambda: start(tempfile.mkdtemp(dir=folder)),
        "Python and its libraries alone": lambda: subprocess.run(
            [sys.executable, "-c", "import av, cv2, numba, scipy.stats, torch"], check=True
        ),
    }
    seconds = in_turns(work, repeats=repeats)
    return [row(f"first score of a process, {name}", "s", took) for name, took in seconds.items()]


def memory_rows(folder: Path) -> list[Row]:
    """Peak memory and time of a process that scores a short clip and a long one."""
    rows = []
    for seconds in (10, 120):
        clips = pair_of_clips(folder, width=1920, height=1080, seconds=seconds)
        command = [sys.executable, "-c", MEMORY, *map(str, clips), ",".join(WHOLE)]
        started = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        took = time.perf_counter() - started
        title = f"1080p, {seconds} s"
        rows.append(row(f"peak memory, {title}", "MiB", [float(done.stdout) / 1024]))
        rows.append(row(f"process, {title}", "ms/frame", [took], scale=1e3 / (seconds * FPS)))
    return rows


def main(
    repeats: Annotated[int, typer.Option(help="Rounds of each comparison.", min=1)] = 9,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Quality metrics against their peers; frames on one thread, clips on all."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    rows = ssim_rows(repeats) + lpips_rows(2 * repeats)
    with tempfile.TemporaryDirectory() as folder:
        few = max(1, repeats // 3)
        rows += clip_rows(Path(folder), few) + ffmpeg_rows(Path(folder), few)
        rows += start_rows(Path(folder), few) + memory_rows(Path(folder))
    show("Quality metrics, 1920x1080 unless said", rows, as_json=as_json)


if __name__ == "__main__":
    typer.run(main)
