"""The table of metrics, and what each remembers from one frame to the next (its step).

A step takes what the metric remembers (None at first) and the frames of one moment; it returns
what to remember and the value, None while a metric that compares neighbours has only one frame.
A new metric is a definition in ``definitions``, a function in a file of its own, and here a step
and a row.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from framegate.quality.metrics import lpips_steps
from framegate.quality.metrics.definitions import DEFINITIONS
from framegate.quality.metrics.flicker import block_errors, flicker
from framegate.quality.metrics.metric import Abstention, Metric, StepResult
from framegate.quality.metrics.motion import Motion, Plane, motions
from framegate.quality.metrics.no_reference import appearance, flash_risk
from framegate.quality.metrics.no_reference.flicker_nr import flicker_nr
from framegate.quality.metrics.no_reference.flicker_vbench import stillness
from framegate.quality.metrics.no_reference.motion_amount import motion_amount
from framegate.quality.metrics.no_reference.motion_coherence import (
    MotionFit,
    motion_coherence,
    motion_fit,
)
from framegate.quality.metrics.no_reference.noise import noise
from framegate.quality.metrics.psnr import psnr, psnr_of_clip
from framegate.quality.metrics.ssim import ms_ssim_rgb, ssim_luma, ssim_rgb
from framegate.quality.metrics.ssim_ffmpeg import ssim_ffmpeg
from framegate.quality.metrics.tof import tof
from framegate.quality.metrics.warp_error import MIN_COVERAGE, warp_error
from framegate.quality.video.decoder import Picture
from framegate.quality.video.frame_pairs import NoReferenceFrame, Pair


def ssim_step(_: Any, pair: Pair) -> StepResult:
    return None, ssim_rgb(pair.reference.rgb, pair.clip.rgb)


def ssim_luma_step(_: Any, pair: Pair) -> StepResult:
    peak = pair.clip.layout.peak
    return None, ssim_luma(pair.reference.luma, pair.clip.luma, peak=peak)


def ssim_ffmpeg_step(_: Any, pair: Pair) -> StepResult:
    bits = pair.clip.layout.bits
    return None, ssim_ffmpeg(pair.reference.planes, pair.clip.planes, bits=bits)


def ms_ssim_step(_: Any, pair: Pair) -> StepResult:
    return None, ms_ssim_rgb(pair.reference.rgb, pair.clip.rgb)


def psnr_step(_: Any, pair: Pair) -> StepResult:
    return None, psnr(pair.reference.planes, pair.clip.planes, bits=pair.clip.layout.bits)


def flicker_step(before: Any, pair: Pair) -> StepResult:
    bits = pair.clip.layout.bits
    now = block_errors(pair.reference.luma, pair.clip.luma, bits=bits)
    return now, None if before is None else flicker(before, now)


def flicker_nr_step(before: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    clip = moment.clip
    index, earlier = before or (clip.index, None)
    between = motions_from(index, earlier.luma, clip) if earlier else None
    known, reading = flicker_nr(earlier, clip.small_luma, between=between)
    now = (clip.index, known)
    if reading is None:
        return now, None
    if reading.value is None:
        return now, Abstention(f"motion can be trusted in {reading.coverage:.0%} of the frame")
    return now, reading.value


def flicker_vbench_step(before: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    now = moment.clip.rgb
    return now, None if before is None else stillness(before, now)


def warp_error_step(before: Any, pair: Pair) -> StepResult:
    now = (pair.reference.index, pair.reference.small_luma, pair.clip.small_rgb)
    if before is None:
        return now, None
    index, small, colours = before
    onward, _ = motions_from(index, small, pair.reference)
    value, coverage = warp_error(onward, (colours, now[2]))
    if coverage < MIN_COVERAGE:
        return now, Abstention(f"motion can be trusted in {coverage:.0%} of the frame")
    return now, value


def motions_from(index: int, small: Plane, picture: Picture) -> tuple[Motion, Motion]:
    """From an earlier picture, given as its index and its ``small_luma``, and back.

    Nearly all the cost of the metrics that use it, and so found once for all of them.
    """
    key = f"motions from {index}"
    if key not in picture.made:
        picture.made[key] = motions(small, picture.small_luma)
    found: tuple[Motion, Motion] = picture.made[key]
    return found


def motion_fit_from(index: int, small: Plane, picture: Picture) -> MotionFit:
    """How well that motion explains the earlier picture; found once too."""
    key = f"motion fit from {index}"
    if key not in picture.made:
        onward, _ = motions_from(index, small, picture)
        picture.made[key] = motion_fit(small, picture.small_luma, onward)
    fit: MotionFit = picture.made[key]
    return fit


def coherence_step(before: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    clip = moment.clip
    now = (clip.index, clip.small_luma)
    if before is None:
        return now, None
    index, small = before
    return now, motion_coherence(motion_fit_from(index, small, clip))


def amount_step(before: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    clip = moment.clip
    now = (clip.index, clip.small_luma, clip.seconds)
    if before is None:
        return now, None
    index, small, start = before
    if clip.seconds <= start:
        return now, Abstention("the frame's time is not after that of the frame before it")
    fit, (onward, _) = motion_fit_from(index, small, clip), motions_from(index, small, clip)
    return now, motion_amount(onward, fit, seconds=clip.seconds - start)


def noise_step(_: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    clip = moment.clip
    return None, noise(clip.luma.astype(np.float32)) / (1 << (clip.layout.bits - 8))


def tof_step(before: Any, pair: Pair) -> StepResult:
    now = (pair.reference.small_luma, pair.clip.small_luma)
    if before is None:
        return now, None
    return now, tof((before[0], now[0]), (before[1], now[1]))


def flash_step(before: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    flashes = before or flash_risk.FlashCounter()
    return flashes, float(flashes.add(moment.clip.rgb, seconds=moment.clip.seconds))


def freeze_step(before: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    now = moment.clip.small_luma
    return now, None if before is None else appearance.is_frozen(before, now)


def black_step(_: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    clip = moment.clip
    return None, appearance.is_black(clip.luma, floor=clip.layout.floor, peak=clip.layout.peak)


def blur_step(_: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    value = appearance.blur(moment.clip.small_luma)
    return None, Abstention("the frame is flat") if value is None else value


def blockiness_step(_: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    value = appearance.blockiness(moment.clip.luma)
    return None, Abstention("the frame is flat") if value is None else value


def luma_step(_: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    return None, float(moment.clip.small_luma.mean())


def colour_step(before: Any, moment: Pair | NoReferenceFrame) -> StepResult:
    now = moment.clip.small_rgb.mean(axis=(0, 1))
    first = now if before is None else before
    return first, appearance.colour_distance(first, now)


METRICS: Mapping[str, Metric] = {
    metric.id: metric
    for metric in (
        Metric(DEFINITIONS["ssim_wang_rgb_v1"], update=ssim_step),
        Metric(DEFINITIONS["ssim_wang_luma_v1"], update=ssim_luma_step),
        Metric(DEFINITIONS["ssim_ffmpeg_v1"], update=ssim_ffmpeg_step),
        Metric(DEFINITIONS["ms_ssim_v1"], update=ms_ssim_step),
        Metric(DEFINITIONS["psnr_v1"], update=psnr_step, clip_value=psnr_of_clip),
        Metric(
            DEFINITIONS["lpips_alex_v0.1"],
            update=lpips_steps.lpips_step,
            update_batch=lpips_steps.lpips_values,
            batch_size=lpips_steps.lpips_batch_size,
            sample_frames=1,
        ),
        Metric(
            DEFINITIONS["lpips_alex_s256_v1"],
            update=lpips_steps.lpips_small_step,
            update_batch=lpips_steps.lpips_small_values,
            batch_size=lpips_steps.lpips_small_batch_size,
            sample_frames=1,
        ),
        Metric(DEFINITIONS["flicker_fr_v1"], update=flicker_step),
        Metric(DEFINITIONS["flicker_nr_v1"], update=flicker_nr_step, delay=1),
        Metric(DEFINITIONS["flicker_vbench_v1"], update=flicker_vbench_step),
        Metric(DEFINITIONS["warp_error_v1"], update=warp_error_step),
        Metric(DEFINITIONS["tof_v1"], update=tof_step),
        Metric(DEFINITIONS["tlp_v1"], update=lpips_steps.tlp_step, sample_frames=2),
        Metric(DEFINITIONS["noise_v1"], update=noise_step),
        Metric(DEFINITIONS["motion_coherence_v1"], update=coherence_step),
        Metric(DEFINITIONS["motion_amount_v1"], update=amount_step),
        Metric(DEFINITIONS["flash_risk_v1"], update=flash_step, clip_value=max),
        Metric(DEFINITIONS["freeze_v1"], update=freeze_step),
        Metric(DEFINITIONS["black_v1"], update=black_step),
        Metric(DEFINITIONS["blur_v1"], update=blur_step),
        Metric(DEFINITIONS["blockiness_v1"], update=blockiness_step),
        Metric(DEFINITIONS["luma_drift_v1"], update=luma_step, clip_value=appearance.drift),
        Metric(DEFINITIONS["colour_drift_v1"], update=colour_step, clip_value=appearance.drift),
    )
}
