"""The metrics, each under the id of its exact definition; scores of different ids never meet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from quality.metrics.flicker import block_errors, flicker
from quality.metrics.lpips import lpips_alex
from quality.metrics.ssim import ssim_rgb
from quality.pairs import Pair

# What a metric remembers from one pair to the next, and the value it gives for this pair.
Step = tuple[Any, float | None]


@dataclass(frozen=True, slots=True)
class Metric:
    """One definition; a clip's value is the mean of its frames' values.

    ``update`` takes what the metric remembers (None at first) and a pair of frames.
    ``sampled`` metrics look at every n-th frame only.
    """

    id: str
    unit: str
    higher_is_better: bool
    sampled: bool
    description: str
    update: Callable[[Any, Pair], Step]


def update_ssim(_: Any, pair: Pair) -> Step:
    return None, ssim_rgb(pair.reference.rgb, pair.clip.rgb)


def update_lpips(_: Any, pair: Pair) -> Step:
    return None, lpips_alex(pair.reference.rgb, pair.clip.rgb)


def update_flicker(before: Any, pair: Pair) -> Step:
    now = block_errors(pair.reference.luma, pair.clip.luma)
    return now, None if before is None else flicker(before, now)


METRICS: Mapping[str, Metric] = {
    metric.id: metric
    for metric in (
        Metric(
            id="ssim_wang_rgb_v1",
            unit="1",
            higher_is_better=True,
            sampled=False,
            description="structural similarity to the reference, Wang et al. 2004, mean of R, G, B",
            update=update_ssim,
        ),
        Metric(
            id="lpips_alex_v0.1",
            unit="1",
            higher_is_better=False,
            sampled=True,
            description="perceptual distance to the reference, Zhang et al. 2018, AlexNet",
            update=update_lpips,
        ),
        Metric(
            id="flicker_fr_v1",
            unit="8-bit code values",
            higher_is_better=False,
            sampled=False,
            description="frame-to-frame change of the block-mean luma error against the reference",
            update=update_flicker,
        ),
    )
}
