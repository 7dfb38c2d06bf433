"""Quality: how good a clip is, by itself or against its reference.

In come videos (paths or URLs that FFmpeg reads), out come scores per frame and per clip, one JSON
document, an HTML report, evaluations for the collector, and the gate's verdict on two models.
Start at ``scoring/score.py``; the metrics are in ``metrics/table.py``, what they mean in
``metrics/definitions.py``, the worker that scores a service's clips in ``worker/worker.py``.

The names below are the public Python API (docs/reference/python-api.md). Each is imported when it
is first used, so that ``import framegate.quality`` loads neither a decoder nor torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from framegate.quality.metrics.definitions import (
        DEFAULT_METRICS,
        DEFINITIONS,
        WITHOUT_REFERENCE,
        MetricDefinition,
    )
    from framegate.quality.metrics.flicker import block_errors, flicker
    from framegate.quality.metrics.lpips import lpips_alex
    from framegate.quality.metrics.metric import Metric
    from framegate.quality.metrics.motion import Motion, motions
    from framegate.quality.metrics.no_reference.appearance import blockiness, blur
    from framegate.quality.metrics.no_reference.flicker_nr import flicker_nr
    from framegate.quality.metrics.no_reference.flicker_vbench import stillness
    from framegate.quality.metrics.no_reference.motion_amount import motion_amount
    from framegate.quality.metrics.no_reference.motion_coherence import (
        MotionFit,
        motion_coherence,
        motion_fit,
    )
    from framegate.quality.metrics.no_reference.noise import noise
    from framegate.quality.metrics.psnr import psnr
    from framegate.quality.metrics.ssim import ms_ssim_rgb, ssim_luma, ssim_rgb
    from framegate.quality.metrics.ssim_ffmpeg import ssim_ffmpeg
    from framegate.quality.metrics.table import METRICS
    from framegate.quality.metrics.tof import tof
    from framegate.quality.metrics.warp_error import warp_error
    from framegate.quality.scoring.score import ClipScore, as_document, inspect, score, scores
    from framegate.quality.scoring.tally import MetricScore
    from framegate.quality.video.decoder import Picture, VideoFacts, open_video
    from framegate.quality.video.file_integrity import Finding

__all__ = [
    "DEFAULT_METRICS",
    "DEFINITIONS",
    "METRICS",
    "WITHOUT_REFERENCE",
    "ClipScore",
    "Finding",
    "Metric",
    "MetricDefinition",
    "MetricScore",
    "Motion",
    "MotionFit",
    "Picture",
    "VideoFacts",
    "as_document",
    "block_errors",
    "blockiness",
    "blur",
    "flicker",
    "flicker_nr",
    "inspect",
    "lpips_alex",
    "motion_amount",
    "motion_coherence",
    "motion_fit",
    "motions",
    "ms_ssim_rgb",
    "noise",
    "open_video",
    "psnr",
    "score",
    "scores",
    "ssim_ffmpeg",
    "ssim_luma",
    "ssim_rgb",
    "stillness",
    "tof",
    "warp_error",
]

MODULES = {
    "metrics.no_reference.appearance": ("blockiness", "blur"),
    "metrics.definitions": (
        "DEFAULT_METRICS",
        "DEFINITIONS",
        "WITHOUT_REFERENCE",
        "MetricDefinition",
    ),
    "metrics.flicker": ("block_errors", "flicker"),
    "metrics.no_reference.flicker_nr": ("flicker_nr",),
    "metrics.no_reference.flicker_vbench": ("stillness",),
    "metrics.no_reference.motion_amount": ("motion_amount",),
    "metrics.no_reference.motion_coherence": ("MotionFit", "motion_coherence", "motion_fit"),
    "metrics.no_reference.noise": ("noise",),
    "metrics.lpips": ("lpips_alex",),
    "metrics.metric": ("Metric",),
    "metrics.motion": ("Motion", "motions"),
    "metrics.psnr": ("psnr",),
    "metrics.ssim": ("ms_ssim_rgb", "ssim_luma", "ssim_rgb"),
    "metrics.ssim_ffmpeg": ("ssim_ffmpeg",),
    "metrics.table": ("METRICS",),
    "metrics.tof": ("tof",),
    "metrics.warp_error": ("warp_error",),
    "scoring.score": ("ClipScore", "as_document", "inspect", "score", "scores"),
    "scoring.tally": ("MetricScore",),
    "video.decoder": ("Picture", "VideoFacts", "open_video"),
    "video.file_integrity": ("Finding",),
}
MODULE_OF = {name: module for module, names in MODULES.items() for name in names}


if not TYPE_CHECKING:  # to a type checker, every name would exist

    def __getattr__(name: str) -> Any:
        if name not in MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return __all__
