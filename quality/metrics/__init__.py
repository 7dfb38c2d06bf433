"""The metrics, each under the id of its exact definition; scores of different ids never meet."""

from collections.abc import Mapping

from quality.metric import Metric
from quality.metrics import appearance, steps
from quality.metrics.psnr import psnr_of_clip

METRICS: Mapping[str, Metric] = {
    metric.id: metric
    for metric in (
        Metric(
            id="ssim_wang_rgb_v1",
            unit="1",
            higher_is_better=True,
            description="structural similarity to the reference, Wang et al. 2004, mean of R, G, B",
            update=steps.ssim_step,
        ),
        Metric(
            id="ssim_wang_luma_v1",
            unit="1",
            higher_is_better=True,
            description="the same on luma as coded, over its own range (219 or 255 levels)",
            update=steps.ssim_luma_step,
        ),
        Metric(
            id="ssim_ffmpeg_v1",
            unit="1",
            higher_is_better=True,
            description="structural similarity as FFmpeg's ssim filter computes it, all planes",
            update=steps.ssim_ffmpeg_step,
        ),
        Metric(
            id="ms_ssim_v1",
            unit="1",
            higher_is_better=True,
            description="structural similarity at five scales, Wang et al. 2003, mean of R, G, B",
            update=steps.ms_ssim_step,
        ),
        Metric(
            id="psnr_v1",
            unit="dB",
            higher_is_better=True,
            description="peak signal-to-noise ratio over all planes, as FFmpeg's psnr filter",
            update=steps.psnr_step,
            clip_value=psnr_of_clip,
        ),
        Metric(
            id="lpips_alex_v0.1",
            unit="1",
            higher_is_better=False,
            description="perceptual distance to the reference, Zhang et al. 2018, AlexNet",
            update=steps.lpips_step,
            together=steps.lpips_values,
            at_once=steps.lpips_at_once,
            sampled=1,
        ),
        Metric(
            id="lpips_alex_s256_v1",
            unit="1",
            higher_is_better=False,
            description="the same on frames brought down to 256 pixels on the shorter side by area",
            update=steps.lpips_small_step,
            together=steps.lpips_small_values,
            at_once=steps.lpips_small_at_once,
            sampled=1,
        ),
        Metric(
            id="flicker_fr_v1",
            unit="8-bit code values",
            higher_is_better=False,
            description="frame-to-frame change of the block-mean luma error against the reference",
            update=steps.flicker_step,
        ),
        Metric(
            id="flicker_nr_v1",
            unit="8-bit code values",
            higher_is_better=False,
            description="second difference of block-mean luma along the clip's own motion",
            update=steps.flicker_nr_step,
            needs_reference=False,
            delay=1,
        ),
        Metric(
            id="flicker_vbench_v1",
            unit="1",
            higher_is_better=True,
            description="VBench's temporal_flickering; sees motion as flicker, for comparison only",
            update=steps.flicker_vbench_step,
            needs_reference=False,
        ),
        Metric(
            id="warp_error_v1",
            unit="1",
            higher_is_better=False,
            description="squared change along the reference's motion, Lai et al. 2018",
            update=steps.warp_error_step,
        ),
        Metric(
            id="tof_v1",
            unit="pixels",
            higher_is_better=False,
            description="distance between the clip's motion and the reference's, Chu et al. 2020",
            update=steps.tof_step,
        ),
        Metric(
            id="tlp_v1",
            unit="1",
            higher_is_better=False,
            description="difference of frame-to-frame LPIPS, times 100, Chu et al. 2020",
            update=steps.tlp_step,
            sampled=2,
        ),
        Metric(
            id="flash_risk_v1",
            unit="flashes/s",
            higher_is_better=False,
            description="most flashes in one second, WCAG 2.2; above 3 is a risk; not certified",
            update=steps.flash_step,
            needs_reference=False,
            clip_value=max,
        ),
        Metric(
            id="freeze_v1",
            unit="1",
            higher_is_better=False,
            description="share of frames that repeat the one before",
            update=steps.freeze_step,
            needs_reference=False,
        ),
        Metric(
            id="black_v1",
            unit="1",
            higher_is_better=False,
            description="share of frames that are black",
            update=steps.black_step,
            needs_reference=False,
        ),
        Metric(
            id="blur_v1",
            unit="1",
            higher_is_better=False,
            description="blur of Crété-Roffet et al. 2007, 0 sharp to 1 blurred",
            update=steps.blur_step,
            needs_reference=False,
        ),
        Metric(
            id="blockiness_v1",
            unit="1",
            higher_is_better=False,
            description="luma steps across borders of 8 by 8 blocks against others; 1: none",
            update=steps.blockiness_step,
            needs_reference=False,
        ),
        Metric(
            id="luma_drift_v1",
            unit="8-bit code values",
            higher_is_better=False,
            description="change of mean luma from a clip's first tenth to its last",
            update=steps.luma_step,
            needs_reference=False,
            clip_value=appearance.drift,
        ),
        Metric(
            id="colour_drift_v1",
            unit="8-bit code values",
            higher_is_better=False,
            description="change of mean colour from a clip's first tenth to its last",
            update=steps.colour_step,
            needs_reference=False,
            clip_value=appearance.drift,
        ),
    )
}
# What a clip is scored by unless somebody asks for more.
DEFAULT = ("ssim_wang_rgb_v1", "lpips_alex_v0.1", "flicker_fr_v1")
WITHOUT_REFERENCE = tuple(name for name, metric in METRICS.items() if not metric.needs_reference)
