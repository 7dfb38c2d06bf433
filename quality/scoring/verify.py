"""Compares our metrics with independent implementations, on a user's own frames."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from framegate.quality.metrics.lpips import lpips_alex
from framegate.quality.metrics.ssim import ssim_rgb
from framegate.quality.scoring.oracles import package_lpips, skimage_ssim
from framegate.quality.video.decoder import open_video
from framegate.quality.video.frame_pairs import Pair, pair_frames
from framegate.telemetry.platform.errors import InputError

COMPARISONS = (
    ("ssim_wang_rgb_v1", "scikit-image", ssim_rgb, skimage_ssim, 1e-5),
    ("lpips_alex_v0.1", "lpips", lpips_alex, package_lpips, 1e-4),
)


@dataclass(frozen=True, slots=True)
class FrameComparison:
    """One metric of one frame: our value and the other implementation's."""

    metric: str
    other: str
    frame: int
    ours: float
    theirs: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        return abs(self.ours - self.theirs) <= self.tolerance


def verify_frames(reference: str, clip: str, *, frames: int) -> list[FrameComparison]:
    """Compare the first ``frames`` pairs; raises InputError when there is no pair."""
    checks = list(compare_frames(reference, clip, frames=frames))
    if not checks:
        raise InputError(f"{clip}: no frame has a counterpart at the same time in {reference}")
    return checks


def compare_frames(reference: str, clip: str, *, frames: int) -> Iterator[FrameComparison]:
    with open_video(reference) as left, open_video(clip) as right:
        pairs = (item for item in pair_frames(left, right) if isinstance(item, Pair))
        for pair in islice(pairs, frames):
            both = (pair.reference.rgb, pair.clip.rgb)
            for metric, other, ours, theirs, tolerance in COMPARISONS:
                yield FrameComparison(
                    metric, other, pair.index, ours(*both), theirs(*both), tolerance
                )


def print_comparisons(checks: list[FrameComparison]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("metric", no_wrap=True)
    table.add_column("against")
    for heading in ("frame", "ours", "theirs", "difference"):
        table.add_column(heading, justify="right")
    for check in checks:
        values = [f"{check.ours:.7f}", f"{check.theirs:.7f}"]
        difference = f"{check.ours - check.theirs:+.1e}"
        table.add_row(check.metric, check.other, str(check.frame), *values, difference)
    Console().print(table)
