"""How likely a rule is to decide, before anything is made."""

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
    """One margin: the probabilities of its verdicts, and the prompts that it takes.

    Of one rule on its own, for differences that are normal (non-central t).
    ``equal_passes`` is for a candidate no worse, ``twice_fails`` for one twice as bad as allowed;
    ``needed`` prompts let an equal candidate pass with 80 %.
    """

    rule: str
    margin: float
    deviation: float
    prompts: int
    equal_passes: float
    twice_fails: float
    needed: int | None


def power(rule: str, *, margin: float, deviation: float, prompts: int) -> Power:
    """Raises InputError for numbers that make no rule."""
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
