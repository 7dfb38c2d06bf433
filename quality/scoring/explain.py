"""One HTML file that shows why a clip scored as it did: timelines, worst frames, heat maps."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from numpy.typing import NDArray

from framegate.quality.metrics.lpips import MIN_SIDE_PIXELS, distance_map, features
from framegate.quality.metrics.ssim import TAPS
from framegate.quality.metrics.ssim_map import ssim_map
from framegate.quality.scoring.score import ClipScore
from framegate.quality.scoring.tally import MetricScore
from framegate.quality.video.decoder import open_video
from framegate.quality.video.frame_pairs import Pair, pair_frames
from framegate.telemetry.platform.errors import InputError

Pixels = NDArray[np.uint8]

MAX_WORST_FRAMES = 6
PICTURE_WIDTH = 480  # pixels of a picture in the report
DIFFERENCE_GAIN = 4
PLOT_WIDTH, PLOT_HEIGHT = 720, 96
TEMPLATES = Path(__file__).parents[1] / "templates"


@dataclass(frozen=True, slots=True)
class WorstFrame:
    """A pair of frames in the report; pictures are data URLs."""

    index: int
    seconds: float
    worst_of: tuple[str, ...]
    pictures: Mapping[str, str]


def write_report(found: ClipScore, path: Path, origin: Mapping[str, str] | None = None) -> None:
    """Write the HTML report; raises InputError for a file that cannot be written."""
    try:
        path.write_text(render_report(found, origin), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error}") from error


def render_report(found: ClipScore, origin: Mapping[str, str] | None = None) -> str:
    """The HTML report of a clip that was scored against a reference; reads both videos again.

    ``origin`` is the provenance of the clip, by label.
    """
    if found.reference is None:
        raise ValueError("a report needs a clip that was scored against a reference")
    page = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    ).get_template("explain.html")
    return page.render(
        found=found,
        origin=origin or {},
        version=version("framegate"),
        digests={
            facts.source: file_sha256(facts.source) for facts in (found.reference, found.clip)
        },
        plots={
            item.id: plot(item, frames=found.paired_frames)
            for item in found.metrics.values()
            if len(item.values) > 1
        },
        size=(PLOT_WIDTH, PLOT_HEIGHT),
        frames=render_worst_frames(found),
    )


def file_sha256(source: str) -> str:
    """SHA-256 of a local file."""
    path = Path(source)
    if not path.is_file():
        return "not a local file"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def worst_index(item: MetricScore) -> int:
    pick = np.argmin if item.higher_is_better else np.argmax
    return item.indices[int(pick(item.values))]


def worst_frames(metrics: Sequence[MetricScore]) -> dict[int, tuple[str, ...]]:
    """The worst frame of each metric whose values differ, with the ids of those metrics."""
    found: dict[int, tuple[str, ...]] = {}
    for item in metrics:
        if item.values and min(item.values) < max(item.values):
            index = worst_index(item)
            found[index] = (*found.get(index, ()), item.id)
    return dict(sorted(found.items())[:MAX_WORST_FRAMES])


def render_worst_frames(found: ClipScore) -> list[WorstFrame]:
    wanted = worst_frames(list(found.metrics.values()))
    if not wanted or found.reference is None:
        return []
    seen = []
    with open_video(found.reference.source) as left, open_video(found.clip.source) as right:
        for item in pair_frames(left, right):
            if isinstance(item, Pair) and item.index in wanted:
                pictures = {name: data_url(p) for name, p in pictures_of(item).items()}
                seen.append(WorstFrame(item.index, item.clip.seconds, wanted[item.index], pictures))
            if isinstance(item, Pair) and item.index >= max(wanted):
                break
    return seen


def pictures_of(pair: Pair) -> dict[str, Pixels]:
    """The pictures of a pair: both frames, their difference, and maps of where they differ."""
    first, second = pair.reference.rgb, pair.clip.rgb
    apart = np.abs(first.astype(np.int16) - second) * DIFFERENCE_GAIN
    found = {
        "reference": first,
        "clip": second,
        f"difference, amplified {DIFFERENCE_GAIN}x": np.minimum(apart, 255).astype(np.uint8),
    }
    if min(first.shape[:2]) >= TAPS:
        found["1 - SSIM map of luma"] = heat_map(
            1.0 - ssim_map(pair.reference.small_luma, pair.clip.small_luma)
        )
    if min(first.shape[:2]) >= MIN_SIDE_PIXELS:
        near = [shrink_picture(frame) for frame in (first, second)]
        found["LPIPS map"] = heat_map(distance_map(*features(near)))
    return found


def shrink_picture(frame: Pixels) -> Pixels:
    height, width = frame.shape[:2]
    if width <= PICTURE_WIDTH:
        return frame
    size = (PICTURE_WIDTH, max(1, round(height * PICTURE_WIDTH / width)))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)


def heat_map(values: NDArray[Any]) -> Pixels:
    """Values as colours from dark (0) to light (1); values outside are clipped."""
    levels = np.clip(values * 255, 0, 255).astype(np.uint8)
    return np.asarray(cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)[..., ::-1], np.uint8)


def data_url(picture: Pixels) -> str:
    small = shrink_picture(np.ascontiguousarray(picture))
    _, data = cv2.imencode(".png", np.ascontiguousarray(small[..., ::-1]))
    return f"data:image/png;base64,{base64.b64encode(data.tobytes()).decode()}"


@dataclass(frozen=True, slots=True)
class Plot:
    """A metric over the frames: the points of an SVG polyline, and the worst frame."""

    points: str
    worst_x: float
    worst_index: int
    low: float
    high: float


def plot(item: MetricScore, *, frames: int) -> Plot:
    """The plot of a metric; all plots of one clip have the same x axis of ``frames`` frames."""
    low, high = min(item.values), max(item.values)
    step, reach = PLOT_WIDTH / max(1, frames - 1), (high - low) or 1.0
    heights = [PLOT_HEIGHT * (1.0 - (value - low) / reach) for value in item.values]
    points = " ".join(
        f"{index * step:.1f},{y:.1f}" for index, y in zip(item.indices, heights, strict=True)
    )
    worst = worst_index(item)
    return Plot(points, worst * step, worst, low, high)
