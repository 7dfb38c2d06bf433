"""The measures that a policy may have rules for: metrics of clips, and what making them took."""

from collections.abc import Mapping
from dataclasses import dataclass

from framegate.quality.metrics.definitions import DEFINITIONS

# A value beyond this, or a limit, is no measurement: its square and its cube would overflow.
LARGEST_VALUE = 1e30


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of one clip, ``scored`` from its frames or measured while it was made.

    ``timed`` measures depend on the load of the machine. ``perfect`` is the value of a clip that
    is compared with itself, for measures that compare the candidate's clip with the baseline's.
    ``span`` is how far apart two values can be, where that is known.
    """

    id: str
    unit: str
    higher_is_better: bool
    description: str
    scored: bool = False
    timed: bool = False
    needs_reference: bool = False
    perfect: float | None = None
    span: float | None = None

    @property
    def sign(self) -> float:
        """1 where higher is better, else -1."""
        return 1.0 if self.higher_is_better else -1.0


TTFP = Measure("ttfp_v1", "s", False, "from the request to the first playable fragment", timed=True)
FRAME_TIME = Measure("frame_time_v1", "s", False, "a worker's time for one frame", timed=True)
COST = Measure(
    "cost_per_minute_v1", "1", False, "cost of a minute of video, any currency", timed=True
)
FAILED = Measure("failed_v1", "1", False, "1 for a clip that was not delivered complete, else 0")

# Values of two identical clips.
PERFECT_VALUES: Mapping[str, float] = {
    "ssim_wang_rgb_v1": 1.0,
    "ssim_wang_luma_v1": 1.0,
    "ssim_ffmpeg_v1": 1.0,
    "ms_ssim_v1": 1.0,
    "lpips_alex_v0.1": 0.0,
    "lpips_alex_s256_v1": 0.0,
    "flicker_fr_v1": 0.0,
    "tof_v1": 0.0,
}
GOLDEN_PREFIX = "golden."  # before a metric's id: the reference is the baseline's clip


def golden_measure(name: str, perfect: float) -> Measure:
    metric = DEFINITIONS[name]
    meaning = f"{metric.description}, with the baseline's clip as the reference"
    return Measure(
        f"{GOLDEN_PREFIX}{name}",
        metric.unit,
        metric.higher_is_better,
        meaning,
        perfect=perfect,
        span=metric.span,
    )


MEASURES: Mapping[str, Measure] = {
    one.id: one
    for one in (
        *(
            Measure(
                metric.id,
                metric.unit,
                metric.higher_is_better,
                metric.description,
                scored=True,
                needs_reference=metric.needs_reference,
                span=metric.span,
            )
            for metric in DEFINITIONS.values()
        ),
        TTFP,
        FRAME_TIME,
        COST,
        FAILED,
        *(golden_measure(name, perfect) for name, perfect in PERFECT_VALUES.items()),
    )
}
