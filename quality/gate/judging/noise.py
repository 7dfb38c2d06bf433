"""How much two runs of one model differ (the noise), and the margins that follow from it.

The noise of a mean is the difference that two equal runs stay below in 95 of 100 cases, with as
many prompts as the runs have. With a margin of twice the noise, an equal model passes in about 95
of 100 runs: its upper bound is one noise above its mean, and its mean stays one noise below that.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal

from pydantic import ConfigDict, TypeAdapter
from scipy import special

from framegate.quality.gate.evidence.evidence import Clip, Evidence
from framegate.quality.gate.evidence.fingerprint import comparable_environment
from framegate.quality.gate.evidence.pairing import pair_prompts
from framegate.quality.gate.judging.judge import TIMES
from framegate.quality.gate.judging.stats import ALPHA
from framegate.quality.gate.policy.measures import MEASURES
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import read_json_file

WORST = 3  # prompts: ``worst`` rules usually take the mean of so many
LEAST_SHARE = 0.001  # of a measure's mean: a margin is not proposed below this
NOISE_FACTOR = 2.0  # a margin is at least so many times the noise


@dataclass(frozen=True, slots=True)
class MeasureNoise:
    """The noise of one measure, in its unit; ``deviation`` is that of a prompt's difference.

    ``worst`` is the largest mean of the worst three prompts between any two runs.
    """

    prompts: int
    runs: int
    mean: float
    deviation: float
    worst: float

    def for_prompts(self, prompts: int) -> float:
        """The noise of the mean over so many prompts."""
        freedom = max(1, self.prompts * (self.runs - 1))
        quantile = float(special.stdtrit(freedom, 1 - ALPHA))
        return quantile * self.deviation / math.sqrt(prompts)

    @property
    def noise(self) -> float:
        return self.for_prompts(self.prompts)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The noise of every measure of one model, with the suite and the environment."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    version: Literal[1]
    model: str
    suite: str | None
    environment: Mapping[str, str]
    measures: Mapping[str, MeasureNoise]


CALIBRATION = TypeAdapter(Calibration)


def calibrate(runs: Sequence[Evidence]) -> Calibration:
    """The noise between runs of one model; raises InputError for fewer than two or unlike runs."""
    if len(runs) < 2:
        raise InputError(f"needs at least 2 runs of one model, got {len(runs)}")
    first = runs[0]
    for other in runs[1:]:
        if (environment_without_times(other), other.suite) != (
            environment_without_times(first),
            first.suite,
        ):
            raise InputError(
                f"{other.source}: differs from the first run in model, suite or environment"
            )
    names = [name for name in MEASURES if any(name in clip.values for clip in first.clips)]
    found = {name: noise_of(name, runs) for name in names}
    return Calibration(
        version=1,
        model=first.name,
        suite=first.suite,
        environment=environment_without_times(first),
        measures={name: noise for name, noise in found.items() if noise is not None},
    )


def environment_without_times(run: Evidence) -> Mapping[str, str]:
    """A run's environment without the run itself, which must differ."""
    known = comparable_environment(run.environment)
    return {name: value for name, value in known.items() if name != TIMES}


def noise_of(measure: str, runs: Sequence[Evidence]) -> MeasureNoise | None:
    """None where fewer than two prompts have the measure in every run."""
    values: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        for unit, number in prompt_means(measure, run.clips).items():
            values[unit].append(number)
    whole = [numbers for numbers in values.values() if len(numbers) == len(runs)]
    if len(whole) < 2:
        return None
    variances = [sum((x - fmean(own)) ** 2 for x in own) / (len(own) - 1) for own in whole]
    return MeasureNoise(
        prompts=len(whole),
        runs=len(runs),
        mean=fmean(number for own in whole for number in own),
        deviation=math.sqrt(2 * fmean(variances)),
        worst=max(worst_differences(measure, runs)),
    )


def prompt_means(measure: str, clips: Sequence[Clip]) -> Mapping[str, float]:
    pairs = pair_prompts(MEASURES[measure], (clips, clips)).pairs
    return {pair.unit: pair.baseline for pair in pairs}


def worst_differences(measure: str, runs: Sequence[Evidence]) -> Iterator[float]:
    for n, one in enumerate(runs):
        for other in runs[:n]:
            for sides in ((one.clips, other.clips), (other.clips, one.clips)):
                harms = sorted(-pair_prompts(MEASURES[measure], sides).differences())[-WORST:]
                yield max(0.0, float(fmean(harms))) if harms else 0.0


def propose_margin(noise: MeasureNoise) -> float:
    """The smallest margin that the noise leaves room for, to two digits, rounded up."""
    least = max(NOISE_FACTOR * noise.noise, LEAST_SHARE * abs(noise.mean), 1e-6)
    return round_up(least)


def round_up(value: float) -> float:
    """To two significant digits."""
    scale = math.pow(10, math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(value / scale - 1e-9) * scale:.2g}")


def dump_calibration(calibration: Calibration) -> bytes:
    return CALIBRATION.dump_json(calibration, indent=1) + b"\n"


def load_calibration(path: Path) -> Calibration:
    """Raises InputError for a file that is not a calibration."""
    return read_json_file(path, CALIBRATION)


def policy_from_calibration(calibration: Calibration) -> str:
    """A policy with the proposed margins; times and costs as shares of the mean."""
    lines = ["version: 1", "minimum_prompts: 20", "unmatched_share: 0", "metrics:"]
    for name, noise in calibration.measures.items():
        lines.append(f"  {name}: {rule_text(name, noise)}")
    return "".join(f"{line}\n" for line in lines)


def rule_text(name: str, noise: MeasureNoise) -> str:
    if name == "failed_v1":
        return "{ceiling: 0}"
    if MEASURES[name].scored or noise.mean <= 0:
        return f"{{margin: {propose_margin(noise):g}}}"
    return (
        f"{{tier: supporting, relative_margin: {round_up(propose_margin(noise) / noise.mean):g}}}"
    )
