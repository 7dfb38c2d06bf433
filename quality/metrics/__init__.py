"""The metrics, each under the id of its exact definition."""

from collections.abc import Mapping

from framegate.quality.metrics import appearance, steps
from framegate.quality.metrics.definitions import DEFAULT, DEFINITIONS
from framegate.quality.metrics.metric import Metric
from framegate.quality.metrics.psnr import psnr_of_clip

METRICS: Mapping[str, Metric] = {
    one.id: one
    for one in (
        Metric(
            DEFINITIONS["ssim_wang_rgb_v1"],
            update=steps.ssim_step,
        ),
        Metric(
            DEFINITIONS["ssim_wang_luma_v1"],
            update=steps.ssim_luma_step,
        ),
        Metric(
            DEFINITIONS["ssim_ffmpeg_v1"],
            update=steps.ssim_ffmpeg_step,
        ),
        Metric(
            DEFINITIONS["ms_ssim_v1"],
            update=steps.ms_ssim_step,
        ),
        Metric(
            DEFINITIONS["psnr_v1"],
            update=steps.psnr_step,
            clip_value=psnr_of_clip,
        ),
        Metric(
            DEFINITIONS["lpips_alex_v0.1"],
            update=steps.lpips_step,
            together=steps.lpips_values,
            at_once=steps.lpips_batch_size,
            sampled=1,
        ),
        Metric(
            DEFINITIONS["lpips_alex_s256_v1"],
            update=steps.lpips_small_step,
            together=steps.lpips_small_values,
            at_once=steps.lpips_small_batch_size,
            sampled=1,
        ),
        Metric(
            DEFINITIONS["flicker_fr_v1"],
            update=steps.flicker_step,
        ),
        Metric(
            DEFINITIONS["flicker_nr_v1"],
            update=steps.flicker_nr_step,
            delay=1,
        ),
        Metric(
            DEFINITIONS["flicker_vbench_v1"],
            update=steps.flicker_vbench_step,
        ),
        Metric(
            DEFINITIONS["warp_error_v1"],
            update=steps.warp_error_step,
        ),
        Metric(
            DEFINITIONS["tof_v1"],
            update=steps.tof_step,
        ),
        Metric(
            DEFINITIONS["tlp_v1"],
            update=steps.tlp_step,
            sampled=2,
        ),
        Metric(
            DEFINITIONS["flash_risk_v1"],
            update=steps.flash_step,
            clip_value=max,
        ),
        Metric(
            DEFINITIONS["freeze_v1"],
            update=steps.freeze_step,
        ),
        Metric(
            DEFINITIONS["black_v1"],
            update=steps.black_step,
        ),
        Metric(
            DEFINITIONS["blur_v1"],
            update=steps.blur_step,
        ),
        Metric(
            DEFINITIONS["blockiness_v1"],
            update=steps.blockiness_step,
        ),
        Metric(
            DEFINITIONS["luma_drift_v1"],
            update=steps.luma_step,
            clip_value=appearance.drift,
        ),
        Metric(
            DEFINITIONS["colour_drift_v1"],
            update=steps.colour_step,
            clip_value=appearance.drift,
        ),
    )
}
WITHOUT_REFERENCE = tuple(name for name, one in METRICS.items() if not one.needs_reference)

__all__ = ["DEFAULT", "METRICS", "WITHOUT_REFERENCE"]
