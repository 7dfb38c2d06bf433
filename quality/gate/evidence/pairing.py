"""Pairs the values of two sides by prompt, and lists the prompts that cannot be paired."""

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from framegate.quality.gate.evidence.evidence import (
    DELIVERY,
    NO_REFERENCE,
    NOT_FINITE,
    Clip,
    beyond_text,
    is_measurement,
)
from framegate.quality.gate.policy.measures import Measure

MAX_PROMPTS_NAMED = 3  # prompts in a sentence
LEAST_RESIDUALS = 8  # of seeds: fewer say too little about how far the worst ones are

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PromptPair:
    """One prompt: the mean over its seeds on either side."""

    unit: str
    prompt: str
    category: str
    weight: float
    baseline: float
    candidate: float


@dataclass(frozen=True, slots=True)
class ClipValue:
    """The value of one key on one side, paired or not."""

    key: str
    prompt: str
    value: float


@dataclass(frozen=True, slots=True)
class SeedResiduals:
    """What is left of the baseline's values after each prompt's mean over its seeds is taken off.

    ``values`` have the spread of single clips; ``seeds`` is the number of a prompt's seeds.
    """

    values: tuple[float, ...]
    seeds: int


@dataclass(frozen=True, slots=True)
class Pairing:
    """One measure on both sides.

    ``unmatched`` are prompts that only one side measured, ``unscorable`` prompts with a clip that
    has a reason instead of a value and a partner that has none; both texts name the side.
    ``missing_keys`` are the clips that both are about.
    ``abstained`` are prompts without a value on either side, with the reason: they are left out.
    ``one_sided`` are those of ``unscorable`` on which the metric abstained on one side alone, the
    baseline's and the candidate's.
    ``candidate`` has every value of the candidate. ``noise`` is None where prompts have one seed.
    """

    measure: Measure
    pairs: tuple[PromptPair, ...]
    unmatched: tuple[str, ...]
    unscorable: tuple[str, ...]
    candidate: tuple[ClipValue, ...]
    missing_keys: tuple[str, ...] = ()
    abstained: tuple[str, ...] = ()
    one_sided: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    noise: SeedResiduals | None = None
    abstentions_have_a_rule: bool = False

    @property
    def prompts(self) -> int:
        """The number of prompts that a side measured, paired or not."""
        return len(self.pairs) + len(self.unmatched) + len(self.unscorable)

    @property
    def examined(self) -> int:
        """The number of prompts that were the same kind of clip on both sides, or have a rule."""
        found = len(self.pairs) + len(self.abstained)
        return found + self.abstained_on_one_side if self.abstentions_have_a_rule else found

    @property
    def abstained_on_one_side(self) -> int:
        return sum(len(one) for one in self.one_sided)

    def without_abstentions(self) -> "Pairing":
        """Without the prompts on which one side abstained, for a policy that has a rule on them."""
        known = frozenset(itertools.chain(*self.one_sided))
        return replace(
            self,
            unscorable=tuple(one for one in self.unscorable if one not in known),
            abstentions_have_a_rule=True,
        )

    def differences(self) -> Values:
        """Candidate minus baseline by prompt, without weights; negative is worse."""
        return self._values(lambda pair: self.measure.sign * (pair.candidate - pair.baseline))

    def bases(self) -> Values:
        return self._values(lambda pair: pair.baseline)

    def categories(self) -> list[str]:
        return [pair.category for pair in self.pairs]

    def weights(self) -> Values:
        return self._values(lambda pair: pair.weight)

    def _values(self, value: Callable[[PromptPair], float]) -> Values:
        return np.array([value(pair) for pair in self.pairs], float)

    def for_category(self, category: str) -> "Pairing":
        pairs = tuple(pair for pair in self.pairs if pair.category == category)
        return Pairing(self.measure, pairs, (), (), ())


Sides = tuple[Sequence[Clip], Sequence[Clip]]
SIDE_NAMES = ("baseline", "candidate")


def pair_prompts(measure: Measure, sides: Sides) -> Pairing:
    """Match the clips of two sides by key, and take the mean over each prompt's seeds.

    A clip that a metric abstains on alike on both sides is left out: it says nothing of either.
    """
    values = tuple(values_of(measure.id, clips) for clips in sides)
    gone = [abstained_keys(measure.id, clips) for clips in sides]
    alike = gone[0] & gone[1]
    every = {clip.key: clip for clips in reversed(sides) for clip in clips}
    about = {key: clip for key, clip in every.items() if key not in alike}
    shared = values[0].keys() & values[1].keys()
    broken = {
        (clip.unit, name): f"{clip.prompt} ({name}: {reason_for(clip, measure.id)})"
        for name, clips in zip(SIDE_NAMES, sides, strict=True)
        for clip in clips
        if clip.key not in alike and is_unscorable(clip, measure.id)
    }
    lacking = {
        about[
            key
        ].unit: f"{about[key].prompt} ({SIDE_NAMES[0] if key in values[1] else SIDE_NAMES[1]})"
        for key in about.keys() - shared
    }
    bad = {unit for unit, _ in broken}
    units: dict[str, list[str]] = defaultdict(list)
    for key in sorted(shared):
        units[about[key].unit].append(key)
    whole = {unit: keys for unit, keys in units.items() if unit not in bad | lacking.keys()}
    return Pairing(
        measure,
        tuple(pair_of(about[keys[0]], keys, values) for keys in whole.values()),
        unmatched=tuple(sorted(text for unit, text in lacking.items() if unit not in bad)),
        unscorable=tuple(sorted(broken.values())),
        candidate=tuple(
            ClipValue(key, about[key].prompt, value) for key, value in sorted(values[1].items())
        ),
        missing_keys=tuple(sorted(about.keys() - shared)),
        abstained=abstained_prompts(measure.id, alike, about, every),
        one_sided=one_sided_prompts(
            broken, [{about[key].unit for key in one - alike} for one in gone]
        ),
        noise=seed_residuals(list(whole.values()), values[0]),
    )


def abstained_keys(measure: str, clips: Iterable[Clip]) -> frozenset[str]:
    """The clips on which the metric abstained: decoded ones, without a value that is no number."""
    return frozenset(
        clip.key
        for clip in clips
        if measure in clip.reasons
        and DELIVERY not in clip.reasons
        and not clip.reasons[measure].endswith((NOT_FINITE, NO_REFERENCE))
    )


def one_sided_prompts(
    broken: Mapping[tuple[str, str], str], gone: Sequence[set[str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The texts of the prompts without a value for no other reason than one side's abstention."""
    either = gone[0] ^ gone[1]
    first, second = (
        tuple(
            sorted(
                text
                for (unit, side), text in broken.items()
                if side == name and unit in own & either
            )
        )
        for name, own in zip(SIDE_NAMES, gone, strict=True)
    )
    return first, second


def abstained_prompts(
    measure: str, alike: Iterable[str], about: Mapping[str, Clip], every: Mapping[str, Clip]
) -> tuple[str, ...]:
    """The prompts of which no clip is left, with the reason."""
    left = {clip.unit for clip in about.values()}
    gone = {every[key].unit: every[key] for key in sorted(alike) if every[key].unit not in left}
    return tuple(sorted(f"{one.prompt} ({reason_for(one, measure)})" for one in gone.values()))


def seed_residuals(
    units: Sequence[Sequence[str]], values: Mapping[str, float]
) -> SeedResiduals | None:
    """The residuals of the prompts with several seeds; fewer than eight say little of a tail."""
    several = [keys for keys in units if len(keys) > 1]
    if sum(len(keys) for keys in several) < LEAST_RESIDUALS:
        return None
    residuals = [
        (values[key] - fmean(values[one] for one in keys)) * math.sqrt(len(keys) / (len(keys) - 1))
        for keys in several
        for key in keys
    ]
    return SeedResiduals(tuple(residuals), seeds=min(len(keys) for keys in units))


def pair_of(clip: Clip, keys: Sequence[str], values: Sequence[Mapping[str, float]]) -> PromptPair:
    before, after = (fmean(side[key] for key in keys) for side in values)
    return PromptPair(clip.unit, clip.prompt, clip.category, clip.weight, before, after)


def values_of(measure: str, clips: Iterable[Clip]) -> dict[str, float]:
    """The mean over the clips of each key; a key with an unscorable clip has none."""
    found: dict[str, list[float]] = defaultdict(list)
    for clip in clips:
        if is_unscorable(clip, measure):
            found[clip.key].append(math.nan)
        elif measure in clip.values:
            found[clip.key].append(clip.values[measure])
    means = {key: fmean(numbers) for key, numbers in found.items()}
    return {key: mean for key, mean in means.items() if math.isfinite(mean)}


def is_unscorable(clip: Clip, measure: str) -> bool:
    """Whether a measure was tried and has no value that can be judged."""
    return measure in clip.reasons or not is_measurement(clip.values.get(measure, 0.0))


def reason_for(clip: Clip, measure: str) -> str:
    return clip.reasons.get(measure) or beyond_text(clip.values.get(measure, math.nan))


def prompt_list(prompts: Sequence[str]) -> str:
    """The first few prompts, and how many more there are."""
    more = (
        f" and {len(prompts) - MAX_PROMPTS_NAMED} more" if len(prompts) > MAX_PROMPTS_NAMED else ""
    )
    return "; ".join(prompts[:MAX_PROMPTS_NAMED]) + more
