"""How much two runs of one model differ (the noise), and the margin that it leaves room for.

The noise of a mean is the difference that two equal runs stay below in 95 of 100 cases, with as
many prompts as the runs have. With a margin of twice the noise, an equal model passes in about 95
of 100 runs: its upper bound is one noise above its mean, and its mean stays one noise below that.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter
from scipy import special

from framegate.quality.gate.evidence.evidence import Clip, Evidence, require_measurements
from framegate.quality.gate.evidence.fingerprint import MODEL, SCORER, TIMES, comparable_environment
from framegate.quality.gate.evidence.pairing import pair_prompts
from framegate.quality.gate.judging.stats import ALPHA, SMALLEST_BASE
from framegate.quality.gate.policy.measures import LARGEST_VALUE, MEASURES
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import read_json_file

WORST = 3  # prompts: ``worst`` rules usually take the mean of so many
LEAST_SHARE = 0.001  # of a measure's mean: a margin is not proposed below this
NOISE_FACTOR = 2.0  # a margin is at least so many times the noise
LARGEST_NOISE = 10 * LARGEST_VALUE  # differences of values

Count = Annotated[int, Field(ge=2, le=1_000_000)]
Amount = Annotated[float, Field(ge=0, le=LARGEST_NOISE)]


@dataclass(frozen=True, slots=True)
class MeasureNoise:
    """The noise of one measure, in its unit; ``deviation`` is that of a prompt's difference.

    ``worst`` is the largest mean of the worst three prompts between any two runs, ``spread`` the
    standard deviation of one run's prompts; files of earlier versions do not have it.
    """

    prompts: Count
    runs: Count
    mean: Annotated[float, Field(ge=-LARGEST_NOISE, le=LARGEST_NOISE)]
    deviation: Amount
    worst: Amount
    spread: Amount | None = None

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
    """The noise of every measure of one model, with the suite and the environment.

    ``source`` is what was compared: runs of one model, the seeds of one run, or two sides, whose
    differences less their mean are at least the noise.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    version: Literal[1]
    model: str
    suite: str | None
    environment: Mapping[str, str]
    measures: Mapping[str, MeasureNoise]
    source: Literal["runs", "seeds", "sides"] = "runs"


CALIBRATION = TypeAdapter(Calibration)


def calibrate(runs: Sequence[Evidence]) -> Calibration:
    """The noise between runs of one model, or between the seeds of one run.

    Raises InputError for unlike runs, and for one run whose prompts have one seed each.
    """
    if not runs:
        raise InputError("needs at least 2 runs of one model, got none")
    for run in runs:
        require_measurements(run)
    if len(runs) == 1:
        return calibrate_from_seeds(runs[0])
    for other in runs[1:]:
        check_alike(runs[0], other)
    return calibration_of(runs[0], {name: noise_of(name, runs) for name in measures_of(runs[0])})


def calibrate_from_seeds(run: Evidence) -> Calibration:
    """The noise between the seeds of one run's prompts, for as many seeds as they have."""
    seeds, parts = split_by_seed(run)
    if seeds < 2:
        raise InputError(
            f"{run.source}: needs at least 2 runs of one model, or prompts with several seeds"
        )
    found = {name: noise_of(name, parts) for name in measures_of(run)}
    means = {
        name: replace(
            noise,
            deviation=noise.deviation / math.sqrt(seeds),
            worst=noise.worst / math.sqrt(seeds),
        )
        for name, noise in found.items()
        if noise is not None
    }
    return replace(calibration_of(run, means), source="seeds")


def calibrate_from_sides(baseline: Evidence, candidate: Evidence) -> Calibration:
    """The noise as two models show it that may differ: their differences less the mean."""
    return replace(
        calibration_of(
            baseline,
            {name: noise_of_pairs(name, (baseline, candidate)) for name in measures_of(baseline)},
        ),
        source="sides",
    )


def calibration_of(run: Evidence, found: Mapping[str, MeasureNoise | None]) -> Calibration:
    return Calibration(
        version=1,
        model=run.name,
        suite=run.suite,
        environment=environment_without_times(run),
        measures={name: noise for name, noise in found.items() if noise is not None},
    )


def measures_of(run: Evidence) -> list[str]:
    return [name for name in MEASURES if any(name in clip.values for clip in run.clips)]


def split_by_seed(run: Evidence) -> tuple[int, list[Evidence]]:
    """The least number of seeds of a prompt with several, and a run of each such prompt's nth."""
    units: dict[str, list[Clip]] = defaultdict(list)
    for clip in sorted(run.clips, key=lambda clip: clip.key):
        units[clip.unit].append(clip)
    several = [clips for clips in units.values() if len(clips) > 1]
    seeds = min((len(clips) for clips in several), default=1)
    parts = (tuple(replace(clips[n], key=clips[n].unit) for clips in several) for n in range(seeds))
    return seeds, [replace(run, clips=clips) for clips in parts]


def check_alike(first: Evidence, other: Evidence) -> None:
    """Raises InputError for runs of different models, suites or environments.

    A folder of clips has no model but its own name, so two folders may have different ones.
    """
    known = [
        {
            name: value
            for name, value in environment_without_times(run).items()
            if name != MODEL or is_made_by_a_service(run)
        }
        for run in (first, other)
    ]
    differ = [name for name in {**known[0], **known[1]} if known[0].get(name) != known[1].get(name)]
    if first.suite != other.suite:
        differ.append("suite")
    if differ:
        said = ", ".join(sorted(differ))
        raise InputError(f"{other.source}: differs from the first run in {said}")


def is_made_by_a_service(run: Evidence) -> bool:
    return TIMES in run.environment or not any(name.startswith(SCORER) for name in run.environment)


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
        spread=stdev(own[0] for own in whole),
    )


def noise_of_pairs(measure: str, sides: tuple[Evidence, Evidence]) -> MeasureNoise | None:
    pairing = pair_prompts(MEASURES[measure], (sides[0].clips, sides[1].clips))
    if len(pairing.pairs) < 2:
        return None
    differences = pairing.differences()
    worst = sorted(float(differences.mean()) - differences)[-WORST:]
    return MeasureNoise(
        prompts=len(pairing.pairs),
        runs=2,
        mean=float(pairing.bases().mean()),
        deviation=float(differences.std(ddof=1)),
        worst=max(0.0, float(fmean(worst))),
        spread=float(pairing.bases().std(ddof=1)),
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


def propose_margin(noise: MeasureNoise) -> float | None:
    """The smallest margin that the noise leaves room for, to two digits, rounded up.

    None where no noise was seen: equal values say nothing of what a margin should be.
    """
    if noise.deviation <= SMALLEST_BASE:
        return None
    least = max(NOISE_FACTOR * noise.noise, LEAST_SHARE * abs(noise.mean))
    return min(round_up(least), LARGEST_VALUE)


def round_up(value: float) -> float:
    """To two significant digits."""
    scale = math.pow(10, math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(value / scale - 1e-9) * scale:.2g}")


def dump_calibration(calibration: Calibration) -> bytes:
    return CALIBRATION.dump_json(calibration, indent=1) + b"\n"


def load_calibration(path: Path) -> Calibration:
    """Raises InputError for a file that is not a calibration."""
    return read_json_file(path, CALIBRATION)
