"""How likely a margin is to decide, before any clip is made."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scipy import special

from framegate.quality.gate.evidence.pairing import pair_prompts
from framegate.quality.gate.judging.document import VerdictDocument
from framegate.quality.gate.judging.noise import Calibration
from framegate.quality.gate.judging.stats import ALPHA, n_needed
from framegate.quality.gate.policy.measures import MEASURES
from framegate.quality.gate.policy.policy import Policy
from framegate.telemetry.platform.errors import InputError


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


def pass_probability(margin: float, deviation: float, prompts: int, *, drop: float) -> float:
    """The probability that the lower bound of the mean is above the margin."""
    if deviation == 0:
        return float(drop < margin)
    freedom = prompts - 1
    shift = (margin - drop) / (deviation / math.sqrt(prompts))
    return 1.0 - float(special.nctdtr(freedom, shift, special.stdtrit(freedom, 1 - ALPHA)))


def fail_probability(margin: float, deviation: float, prompts: int, *, drop: float) -> float:
    """The probability that harm is shown; the mirror of a pass."""
    return pass_probability(margin, deviation, prompts, drop=2 * margin - drop)


def deviations(source: Calibration | VerdictDocument) -> Mapping[str, tuple[float, float]]:
    """Each measure's deviation of a prompt's difference, and its mean."""
    if isinstance(source, Calibration):
        return {name: (one.deviation, one.mean) for name, one in source.measures.items()}
    return dict(deviations_from_document(source))


def deviations_from_document(
    document: VerdictDocument,
) -> Iterator[tuple[str, tuple[float, float]]]:
    sides = (document.baseline.clips, document.candidate.clips)
    for name in document.policy_file.policy.metrics:
        found = pair_prompts(MEASURES[name], sides)
        if len(found.pairs) >= 2:
            yield name, (float(found.differences().std(ddof=1)), float(found.bases().mean()))


def powers(
    policy: Policy, known: Mapping[str, tuple[float, float]], *, prompts: int
) -> Iterator[Power]:
    """Every margin of a policy whose deviation is known."""
    for name, rule in policy.metrics.items():
        if name not in known:
            continue
        deviation, mean = known[name]
        if rule.margin is not None:
            yield power(name, margin=rule.margin, deviation=deviation, prompts=prompts)
        if rule.relative_margin is not None and mean > 0:
            margin = rule.relative_margin * mean
            yield power(f"{name} share", margin=margin, deviation=deviation, prompts=prompts)
