"""docs/reference/metrics.md, from the metrics themselves.

``python -m framegate.quality.scoring.metrics_page`` prints it.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from framegate.quality.metrics.definitions import DEFAULT_METRICS, DEFINITIONS, MetricDefinition


@dataclass(frozen=True, slots=True)
class Peer:
    """An implementation that is not ours, and how close to it ours must stay in the tests."""

    name: str
    tolerance: float


PEERS: Mapping[str, Peer] = {
    "ssim_wang_rgb_v1": Peer("scikit-image", 1e-6),
    "ssim_wang_luma_v1": Peer("scikit-image", 1e-6),
    "ssim_ffmpeg_v1": Peer("FFmpeg's `ssim`", 1e-6),
    "ms_ssim_v1": Peer("pytorch-msssim", 1e-4),
    "psnr_v1": Peer("FFmpeg's `psnr`", 1e-5),
    "lpips_alex_v0.1": Peer("the authors' `lpips`", 1e-4),
    "tlp_v1": Peer("the authors' `lpips`, frame to frame", 1e-3),
    "tof_v1": Peer("OpenCV's Farnebäck by the authors' formula", 1e-5),
    "warp_error_v1": Peer("SciPy's interpolation along the same motion", 1e-5),
    "noise_v1": Peer("SciPy's filter and median deviation", 1e-5),
    "motion_coherence_v1": Peer("SciPy's filters along the same motion", 1e-3),
    "blur_v1": Peer("scikit-image", 1e-5),
}
METRIC_HEADINGS = ("id", "better", "unit", "reference", "meaning")
PEER_HEADINGS = ("id", "against", "within")
PAGE_TEMPLATE = Path(__file__).with_suffix(".md")


def catalogue_page() -> str:
    """The page: ``catalogue.md`` with its tables filled in."""
    return PAGE_TEMPLATE.read_text().format(
        default=", ".join(f"`{name}`" for name in DEFAULT_METRICS),
        metrics=markdown_table(
            METRIC_HEADINGS, [metric_cells(metric) for metric in DEFINITIONS.values()]
        ),
        peers=markdown_table(
            PEER_HEADINGS, [peer_cells(name, peer) for name, peer in PEERS.items()]
        ),
    )


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def metric_cells(metric: MetricDefinition) -> Sequence[str]:
    needed = "needed" if metric.needs_reference else "no"
    return f"`{metric.id}`", better_word(metric), metric.unit, needed, metric.description


def better_word(metric: MetricDefinition) -> str:
    """Which values are better, in tables."""
    if metric.two_sided:
        return "neither"
    return "higher" if metric.higher_is_better else "lower"


def peer_cells(name: str, peer: Peer) -> Sequence[str]:
    return f"`{name}`", peer.name, f"{peer.tolerance:.0e}"


if __name__ == "__main__":
    sys.stdout.write(catalogue_page())
