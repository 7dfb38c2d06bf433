"""How likely a margin is to decide, before any clip is made."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from scipy import special

from framegate.quality.gate.judging.document import VerdictDocument
from framegate.quality.gate.judging.stats import (
    ALPHA,
    POWER,
    SMALLEST_BASE,
    count_prompts,
    n_needed,
)
from framegate.quality.gate.margins.noise import Calibration, MeasureNoise, calibrate_from_sides
from framegate.quality.gate.margins.proposal import band_width
from framegate.quality.gate.policy.policy import Policy
from framegate.telemetry.platform.errors import InputError

NO_DEVIATION = 1e-12  # of a margin: less is rounding


@dataclass(frozen=True, slots=True)
class Power:
    """The probabilities of one margin's verdicts, and the number of prompts that it needs.

    For one rule alone and normally distributed differences (non-central t).
    ``equal_passes`` is P(PASS) of an equal candidate, ``twice_fails`` P(FAIL) of a candidate that
    is worse by twice the margin; with ``needed`` prompts an equal candidate passes with 80 %.
    """

    rule: str
    margin: float
    deviation: float
    prompts: int
    equal_passes: float
    twice_fails: float
    needed: int | None


def power(rule: str, *, margin: float, deviation: float, prompts: int) -> Power:
    """Raises InputError for a margin, deviation or number of prompts out of range."""
    if not (margin > 0 and deviation >= 0 and prompts >= 2):
        raise InputError(f"{rule}: margin {margin}, deviation {deviation}, {prompts} prompts")
    return Power(
        rule=rule,
        margin=margin,
        deviation=deviation,
        prompts=prompts,
        equal_passes=pass_probability(margin, deviation, prompts, drop=0.0),
        twice_fails=fail_probability(margin, deviation, prompts, drop=2 * margin),
        needed=n_needed(0.0, deviation, margin=margin),
    )


def band_power(rule: str, *, margin: float, deviation: float, prompts: int) -> Power:
    """The power of a rule with two sides, either of which an equal candidate may miss."""
    one = power(rule, margin=margin, deviation=deviation, prompts=prompts)
    fails = pass_probability(margin, deviation, prompts, drop=0.0, alpha=ALPHA / 2)
    # Either side of an equal candidate may keep it from passing: each with half of the other 20 %.
    reach = float(special.ndtri(1 - ALPHA) + special.ndtri(1 - (1 - POWER) / 2))
    needed = count_prompts(reach * deviation / margin, least=2)
    passes = max(0.0, 2 * one.equal_passes - 1)
    return replace(one, equal_passes=passes, twice_fails=fails, needed=needed)


def pass_probability(
    margin: float, deviation: float, prompts: int, *, drop: float, alpha: float = ALPHA
) -> float:
    """The probability that the lower bound of the mean is above the margin."""
    if deviation <= max(NO_DEVIATION * margin, SMALLEST_BASE):
        return float(drop < margin)
    freedom = prompts - 1
    shift = (margin - drop) / (deviation / math.sqrt(prompts))
    return 1.0 - float(special.nctdtr(freedom, shift, special.stdtrit(freedom, 1 - alpha)))


def fail_probability(margin: float, deviation: float, prompts: int, *, drop: float) -> float:
    """The probability that harm is shown; the mirror of a pass."""
    return pass_probability(margin, deviation, prompts, drop=2 * margin - drop)


def noise_by_measure(source: Calibration | VerdictDocument) -> Mapping[str, MeasureNoise]:
    """How much a prompt's difference varies, from a calibration or from a verdict's two sides."""
    if isinstance(source, Calibration):
        return source.measures
    return calibrate_from_sides(source.baseline, source.candidate).measures


def powers(policy: Policy, known: Mapping[str, MeasureNoise], *, prompts: int) -> Iterator[Power]:
    """Every margin of a policy whose noise is known."""
    for name, rule in policy.metrics.items():
        if name not in known:
            continue
        noise = known[name]
        deviation, band = noise.deviation, rule.band and band_width(rule.band, noise)
        if rule.margin is not None:
            yield power(name, margin=rule.margin, deviation=deviation, prompts=prompts)
        if rule.relative_margin is not None and noise.mean > 0:
            margin = rule.relative_margin * noise.mean
            yield power(f"{name} share", margin=margin, deviation=deviation, prompts=prompts)
        if band:
            of_band = power if rule.band and rule.band.sides == "worse" else band_power
            yield of_band(f"{name} band", margin=band, deviation=deviation, prompts=prompts)
