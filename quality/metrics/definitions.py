"""What every metric means, without the code that computes it; quick to import."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """The exact definition of one metric; scores of different ids are never compared.

    Of a ``two_sided`` metric both too little and too much are faults: ``higher_is_better`` is only
    the direction of a rule that looks at one side. ``span`` is how far apart two values can be, for
    metrics whose values are from 0 to 1 in practice; None for others.
    """

    id: str
    unit: str
    higher_is_better: bool
    description: str
    needs_reference: bool = True
    two_sided: bool = False
    span: float | None = None


DEFINITIONS: Mapping[str, MetricDefinition] = {
    one.id: one
    for one in (
        MetricDefinition(
            id="ssim_wang_rgb_v1",
            unit="1",
            higher_is_better=True,
            description="structural similarity to the reference, Wang et al. 2004, mean of R, G, B",
            span=1.0,
        ),
        MetricDefinition(
            id="ssim_wang_luma_v1",
            unit="1",
            higher_is_better=True,
            description="SSIM, Wang et al. 2004, on luma as coded, over its range (219 or 255)",
            span=1.0,
        ),
        MetricDefinition(
            id="ssim_ffmpeg_v1",
            unit="1",
            higher_is_better=True,
            description="structural similarity as FFmpeg's ssim filter computes it, all planes",
            span=1.0,
        ),
        MetricDefinition(
            id="ms_ssim_v1",
            unit="1",
            higher_is_better=True,
            description="structural similarity at five scales, Wang et al. 2003, mean of R, G, B",
            span=1.0,
        ),
        MetricDefinition(
            id="psnr_v1",
            unit="dB",
            higher_is_better=True,
            description="peak signal-to-noise ratio over all planes, as FFmpeg's psnr filter",
        ),
        MetricDefinition(
            id="lpips_alex_v0.1",
            unit="1",
            higher_is_better=False,
            description="perceptual distance to the reference, Zhang et al. 2018, AlexNet",
        ),
        MetricDefinition(
            id="lpips_alex_s256_v1",
            unit="1",
            higher_is_better=False,
            description="LPIPS of frames reduced by area to 256 pixels on the shorter side",
        ),
        MetricDefinition(
            id="flicker_fr_v1",
            unit="8-bit code values",
            higher_is_better=False,
            description="frame-to-frame change of the block-mean luma error against the reference",
        ),
        MetricDefinition(
            id="flicker_nr_v1",
            unit="8-bit code values",
            higher_is_better=False,
            description="second difference of block-mean luma along the clip's own motion",
            needs_reference=False,
        ),
        MetricDefinition(
            id="flicker_vbench_v1",
            unit="1",
            higher_is_better=True,
            description="VBench's temporal_flickering; counts motion as flicker; to compare only",
            needs_reference=False,
            span=1.0,
        ),
        MetricDefinition(
            id="warp_error_v1",
            unit="1",
            higher_is_better=False,
            description="squared change along the motion of the reference, Lai et al. 2018",
        ),
        MetricDefinition(
            id="tof_v1",
            unit="pixels",
            higher_is_better=False,
            description="difference between the motion of clip and reference, Chu et al. 2020",
        ),
        MetricDefinition(
            id="tlp_v1",
            unit="1",
            higher_is_better=False,
            description="difference of frame-to-frame LPIPS, times 100, Chu et al. 2020",
        ),
        MetricDefinition(
            id="noise_v1",
            unit="8-bit code values",
            higher_is_better=False,
            description="standard deviation of luma noise, from fourth differences; 0 is none",
            needs_reference=False,
        ),
        MetricDefinition(
            id="motion_coherence_v1",
            unit="1",
            higher_is_better=True,
            description="share of a frame's detail that the next one shows too, along the motion",
            needs_reference=False,
        ),
        MetricDefinition(
            id="motion_amount_v1",
            unit="% of the diagonal per second",
            higher_is_better=True,
            description="speed of a frame's fastest twentieth; for two-sided rules such as band",
            needs_reference=False,
            two_sided=True,
        ),
        MetricDefinition(
            id="flash_risk_v1",
            unit="flashes/s",
            higher_is_better=False,
            description="most flashes in one second, WCAG 2.2; above 3 is a risk; not certified",
            needs_reference=False,
        ),
        MetricDefinition(
            id="freeze_v1",
            unit="1",
            higher_is_better=False,
            description="share of frames that repeat the previous frame",
            needs_reference=False,
            span=1.0,
        ),
        MetricDefinition(
            id="black_v1",
            unit="1",
            higher_is_better=False,
            description="share of frames that are black",
            needs_reference=False,
            span=1.0,
        ),
        MetricDefinition(
            id="blur_v1",
            unit="1",
            higher_is_better=False,
            description="blur of Crété-Roffet et al. 2007, 0 sharp to 1 blurred",
            needs_reference=False,
            span=1.0,
        ),
        MetricDefinition(
            id="blockiness_v1",
            unit="1",
            higher_is_better=False,
            description="luma steps at borders of 8 by 8 blocks relative to other steps; 1 is none",
            needs_reference=False,
        ),
        MetricDefinition(
            id="luma_drift_v1",
            unit="8-bit code values",
            higher_is_better=False,
            description="change of mean luma from a clip's first tenth to its last",
            needs_reference=False,
        ),
        MetricDefinition(
            id="colour_drift_v1",
            unit="8-bit code values",
            higher_is_better=False,
            description="change of mean colour from a clip's first tenth to its last",
            needs_reference=False,
        ),
    )
}
WITHOUT_REFERENCE = tuple(name for name, one in DEFINITIONS.items() if not one.needs_reference)
# What a clip is scored by unless other metrics are named.
DEFAULT_METRICS = ("ssim_wang_rgb_v1", "lpips_alex_v0.1", "flicker_fr_v1")
