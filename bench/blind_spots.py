"""Which metric sees which fault: known faults in growing doses, and what every metric says.

``python -m bench.blind_spots`` prints docs/explanation/blind-spots.md, and writes what it measured
to blind_spots.json.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from framegate.generator.scene.render import render
from framegate.generator.scene.scene import scene_of
from framegate.quality.metrics.table import METRICS as METRIC
from framegate.quality.scoring.score import scores
from framegate.quality.video.decoder import open_video

Pixels = NDArray[np.uint8]
Frame = tuple[Pixels, Pixels, Pixels]  # Y, U and V of 4:2:0
Fault = Callable[[Sequence[Frame]], list[Frame]]

PAGE = Path(__file__).with_suffix(".md")
VALUES = Path(__file__).with_suffix(".json")
CARPHONE = Path(__file__).parents[1] / "tests" / "quality" / "clips" / "carphone_pristine.mp4"
SCENES = {
    "stars": "three golden stars orbiting over the sea",
    "balls": "a red ball bouncing in the snow",
    "squares": "two blue squares sliding over the desert",
}
CLIPS = ("carphone", *SCENES)
FRAMES, FPS = 33, 24
WIDTH, HEIGHT = 320, 192  # of rendered scenes
METRICS = (
    "ssim_wang_rgb_v1",
    "ssim_ffmpeg_v1",
    "psnr_v1",
    "lpips_alex_v0.1",
    "flicker_vbench_v1",
    "flicker_fr_v1",
    "flicker_nr_v1",
    "warp_error_v1",
    "motion_coherence_v1",
    "motion_amount_v1",
    "noise_v1",
    "flash_risk_v1",
    "freeze_v1",
    "black_v1",
    "blockiness_v1",
    "luma_drift_v1",
    "colour_drift_v1",
)
VMAF = "VMAF 0.6.1"
# Beyond these a metric complains. Those of SSIM are framegate's defaults, 30 dB and 80 are common
# ones; the others are such that clips without a fault stay clear of them. Too much motion is a
# fault too, but how much that is depends on what is shown: only its lower limit is here.
LIMITS = {
    "ssim_wang_rgb_v1": 0.85,
    "ssim_ffmpeg_v1": 0.85,
    "psnr_v1": 30.0,
    VMAF: 80.0,
    "lpips_alex_v0.1": 0.15,
    "flicker_vbench_v1": 0.96,
    "flicker_fr_v1": 0.9,
    "flicker_nr_v1": 0.8,
    "warp_error_v1": 0.002,
    "motion_coherence_v1": 0.4,
    "motion_amount_v1": 5.0,
    "noise_v1": 3.0,
    "flash_risk_v1": 3.0,
    "freeze_v1": 0.25,
    "black_v1": 0.05,
    "blockiness_v1": 1.3,
    "luma_drift_v1": 10.0,
    "colour_drift_v1": 10.0,
}


def rendered(prompt: str) -> list[Frame]:
    scene = scene_of(prompt, 1)
    return [
        planes_of(render(scene, index / FPS, width=WIDTH, height=HEIGHT)) for index in range(FRAMES)
    ]


def planes_of(rgb: Pixels) -> Frame:
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
    height, width = rgb.shape[:2]
    flat: Pixels = np.asarray(frame.reformat(format="yuv420p").to_ndarray(), np.uint8).reshape(-1)
    luma, chroma = flat[: height * width], flat[height * width :].reshape(2, height // 2, -1)
    return luma.reshape(height, width), chroma[0], chroma[1]


def decoded(path: Path) -> list[Frame]:
    frames: list[Frame] = []
    with open_video(path) as video:
        for picture in video.pictures:
            luma, u, v = (plane.copy() for plane in picture.planes)
            frames.append((luma, u, v))
            if len(frames) == FRAMES:
                break
    return frames


def footage(clip: str) -> list[Frame]:
    """What faults are put into: one real clip, or a rendered one."""
    return rendered(SCENES[clip]) if clip in SCENES else decoded(CARPHONE)


def on_luma(change: Callable[[int, NDArray[np.float64]], NDArray[Any]]) -> Fault:
    """A fault of luma alone, frame by frame; it is told the frame's number."""

    def fault(frames: Sequence[Frame]) -> list[Frame]:
        return [(levels(change(n, y.astype(float))), u, v) for n, (y, u, v) in enumerate(frames)]

    return fault


def levels(values: NDArray[Any]) -> Pixels:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


def alternation(amplitude: float, *, period: int) -> Fault:
    """Up by the amplitude for half of the period, down for the other half."""
    return on_luma(lambda n, y: y + (amplitude if 2 * (n % period) >= period else -amplitude))


def noisy(sigma: float) -> Fault:
    def fault(frames: Sequence[Frame]) -> list[Frame]:
        random = np.random.default_rng(5)  # every clip's own, whichever clips came before it
        return on_luma(lambda _, y: y + random.normal(0, sigma, y.shape))(frames)

    return fault


def frozen(frames: Sequence[Frame]) -> list[Frame]:
    """The middle third repeats its first frame."""
    start, end = len(frames) // 3, 2 * len(frames) // 3
    return [frames[start] if start <= n < end else frame for n, frame in enumerate(frames)]


def tinted(frames: Sequence[Frame]) -> list[Frame]:
    """Red chroma rises by 20 over the clip."""
    last = len(frames) - 1
    return [(y, u, levels(v + 20.0 * n / last)) for n, (y, u, v) in enumerate(frames)]


def blackened(frames: Sequence[Frame]) -> list[Frame]:
    """Five black frames in the middle."""
    y, u, v = frames[0]
    black = (np.full_like(y, 16), np.full_like(u, 128), np.full_like(v, 128))
    middle = len(frames) // 2
    return [black if middle <= n < middle + 5 else frame for n, frame in enumerate(frames)]


def white_noise(frames: Sequence[Frame]) -> list[Frame]:
    """Every pixel is random, in every frame anew."""
    random = np.random.default_rng(6)
    return [planes_of(random.integers(0, 256, (*y.shape, 3), np.uint8)) for y, _, _ in frames]


def still(frames: Sequence[Frame]) -> list[Frame]:
    """The first frame, all along."""
    return [frames[0]] * len(frames)


def scenes_in_turns(frames: Sequence[Frame]) -> list[Frame]:
    """Every second frame is another scene: the same one upside down."""
    return [turned(frame) if n % 2 else frame for n, frame in enumerate(frames)]


def turned(frame: Frame) -> Frame:
    y, u, v = (np.ascontiguousarray(plane[::-1, ::-1]) for plane in frame)
    return y, u, v


def compressed(crf: int) -> Fault:
    def fault(frames: Sequence[Frame]) -> list[Frame]:
        with tempfile.TemporaryDirectory() as folder:
            path = written(Path(folder) / "clip.mkv", frames, codec="libx264", crf=crf)
            return decoded(path)

    return fault


def blurred(sigma: float) -> Fault:
    return on_luma(lambda _, y: cv2.GaussianBlur(y, (0, 0), sigma))


FAULTS: Mapping[str, Fault] = {
    "none": list,
    "flicker ±1": alternation(1, period=2),
    "flicker ±3": alternation(3, period=2),
    "slow flicker ±1": alternation(1, period=4),
    "flashes, 6 Hz": on_luma(lambda n, y: np.full_like(y, 235) if n // 2 % 2 else y),
    "blur 0.8": blurred(0.8),
    "blur 2": blurred(2.0),
    "noise 4": noisy(4.0),
    "noise 12": noisy(12.0),
    "x264 crf 32": compressed(32),
    "x264 crf 44": compressed(44),
    "frozen third": frozen,
    "black frames": blackened,
    "darker by 20": on_luma(lambda n, y: y - 20.0 * n / (FRAMES - 1)),
    "redder by 20": tinted,
    "white noise": white_noise,
    "still": still,
    "scenes in turns": scenes_in_turns,
}
# With more threads, or with macroblock trees, x264's choices differ from run to run.
REPEATABLE = {"threads": "1", "x264-params": "mbtree=0"}
DOUBLE = "twice as fast"  # no fault: the reference is as fast


def written(path: Path, frames: Sequence[Frame], *, codec: str = "ffv1", crf: int = 0) -> Path:
    """Encode planes as they are, lossless unless the codec is told otherwise."""
    height, width = frames[0][0].shape
    with av.open(str(path), "w") as container:
        options = {"crf": str(crf), **REPEATABLE} if codec == "libx264" else {}
        stream: Any = container.add_stream(codec, rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, FPS)
        for index, planes in enumerate(frames):
            flat = np.concatenate([plane.reshape(-1) for plane in planes])
            frame = av.VideoFrame.from_ndarray(flat.reshape(-1, width), format="yuv420p")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@dataclass(frozen=True, slots=True)
class Finding:
    """What the metrics say of one fault in one clip; None where one abstains."""

    clip: str
    fault: str
    values: Mapping[str, float | None]


FINDINGS = TypeAdapter(list[Finding])


def findings(clip: str, faults: Sequence[str] = (*FAULTS, DOUBLE)) -> list[Finding]:
    """What the metrics say of these faults in a clip, in the order of FAULTS, DOUBLE last."""
    frames = footage(clip)
    known = [fault for fault in FAULTS if fault in faults]
    values = judged(frames, [FAULTS[fault](frames) for fault in known]) if known else []
    if DOUBLE in faults:
        known.append(DOUBLE)
        values += judged(frames[::2], [frames[::2]])
    return [Finding(clip, fault, of_fault) for fault, of_fault in zip(known, values, strict=True)]


def read_findings() -> list[Finding]:
    """Those of every clip, as they were when the page was written."""
    return FINDINGS.validate_json(VALUES.read_text())


def judged(
    reference: Sequence[Frame], clips: Sequence[Sequence[Frame]]
) -> list[dict[str, float | None]]:
    """Every metric of each clip, all of them beside the reference at once."""
    with tempfile.TemporaryDirectory() as folder:
        left = written(Path(folder) / "reference.mkv", reference)
        rights = [
            written(Path(folder) / f"{number}.mkv", clip) for number, clip in enumerate(clips)
        ]
        return [
            {name: found.metrics[name].value for name in METRICS} | {VMAF: vmaf(left, right)}
            for right, found in zip(rights, scores(left, rights, metrics=METRICS), strict=True)
        ]


def vmaf(reference: Path, clip: Path) -> float:
    """The mean of FFmpeg's libvmaf filter with its default model."""
    log = clip.with_suffix(".json")
    filters = f"libvmaf=log_fmt=json:log_path={log}"
    inputs = ["-i", str(clip), "-i", str(reference)]
    program = imageio_ffmpeg.get_ffmpeg_exe()
    quiet = ["-nostdin", "-v", "error"]
    subprocess.run([program, *quiet, *inputs, "-lavfi", filters, "-f", "null", "-"], check=True)
    return float(json.loads(log.read_text())["pooled_metrics"]["vmaf"]["mean"])


def limit_passed(metric: str, value: float) -> bool:
    higher = metric == VMAF or METRIC[metric].higher_is_better
    return value < LIMITS[metric] if higher else value > LIMITS[metric]


def page(found: Sequence[Finding]) -> str:
    """The page: ``blind_spots.md`` with its table filled in."""
    headings = ["", *(short(metric) for metric in LIMITS)]
    rows = [["limit", *(f"{limit:g}" for limit in LIMITS.values())]]
    for fault in dict.fromkeys(item.fault for item in found):
        mine = [item.values for item in found if item.fault == fault]
        rows.append(
            [fault, *(cell(metric, [values[metric] for values in mine]) for metric in LIMITS)]
        )
    lines = [headings, ["---"] * len(headings), *rows]
    table = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    return PAGE.read_text().replace("{table}\n", table)


def short(metric: str) -> str:
    return metric if metric == VMAF else f"`{metric}`"


def cell(metric: str, values: Sequence[float | None]) -> str:
    """The median of the clips, bold where it is beyond the limit."""
    known = [value for value in values if value is not None]
    if 2 * len(known) <= len(values):
        return "abstains"
    median = float(np.median(known))
    text = f"{median:.3g}" if abs(median) < 100 else f"{median:.0f}"
    return f"**{text}**" if limit_passed(metric, median) else text


def main() -> None:
    found = [rounded(finding) for clip in CLIPS for finding in findings(clip)]
    VALUES.write_bytes(FINDINGS.dump_json(found, indent=1) + b"\n")
    sys.stdout.write(page(found))


def rounded(finding: Finding) -> Finding:
    """The same to six digits: the others differ from machine to machine."""
    values = {
        metric: None if value is None else float(f"{value:.6g}")
        for metric, value in finding.values.items()
    }
    return replace(finding, values=values)


if __name__ == "__main__":
    main()
