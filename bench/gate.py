"""How often gates are right: verdicts on made-up prompts, where the truth is known.

``python -m bench.gate`` writes ``docs/explanation/gate-statistics.md`` to standard output and the
chart that it shows. Every draw comes from a seeded generator.

Noise is that of paired clips of two close models: a prompt's score is normal with a deviation of
0.06, its difference between two models has a deviation of 0.012, and a margin is 0.01.
"""

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bench.gate_policies import policy_tables
from bench.templates import rendered
from framegate.quality.gate.canary.sequential import sequence_from_pairs
from framegate.quality.gate.judging.stats import ALPHA, bounds, harm_p

MARGIN, PROMPT_SD, PAIR_SD = 0.01, 0.06, 0.012
FRAMES, FRAME_SD, FRAME_LIKE_NEXT = 48, 0.012, 0.9
RUNS, SEED = 2_000, 6
PROMPTS = (8, 12, 20, 40)
NOISES = (0.5, 1.2, 3.0)  # deviations of a prompt's difference, in margins
LOOKS = (20, 25, 30, 40, 50, 65, 80, 100, 130, 160, 200, 250, 300)
CLAIMS = 20  # of harm that one policy makes; its first needs a p of 5 % / 20 (Holm 1979)
DROPS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)  # margins
CHART = Path(__file__).parents[1] / "docs" / "images" / "gate-power.svg"
COLOURS = ("#1f6f8b", "#c0392b", "#d9a441", "#7a6f9b")

Values = NDArray[np.float64]
Noise = Callable[[np.random.Generator, int], Values]  # of mean 0 and deviation 1
TAILS: Mapping[str, Noise] = {
    "normal": lambda random, size: random.normal(0, 1, size),
    "a few bad prompts": lambda random, size: 1 - random.exponential(1, size),
    "a few good prompts": lambda random, size: random.exponential(1, size) - 1,
}
PASS, FAIL, INCONCLUSIVE = "PASS", "FAIL", "INCONCLUSIVE"


@dataclass(frozen=True, slots=True)
class Clips:
    """One made-up comparison: scores by prompt, and where the frames of them come from."""

    baseline: Values
    candidate: Values
    random: np.random.Generator

    @property
    def differences(self) -> Values:
        return self.candidate - self.baseline

    def frames(self) -> Values:
        """Differences by prompt and frame; each resembles the one before, around its clip's."""
        shape = (len(self.baseline), FRAMES)
        steps = self.random.normal(0, FRAME_SD * math.sqrt(1 - FRAME_LIKE_NEXT**2), shape)
        series = np.empty(shape)
        series[:, 0] = self.random.normal(0, FRAME_SD, len(self.baseline))
        for frame in range(1, FRAMES):
            series[:, frame] = FRAME_LIKE_NEXT * series[:, frame - 1] + steps[:, frame]
        return self.differences[:, None] + series


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares of the three verdicts, 0 to 1."""

    passed: float
    failed: float
    undecided: float


Judge = Callable[[Clips], str]


def clips(
    random: np.random.Generator,
    prompts: int,
    drop: float,
    *,
    skewed: bool,
    deviation: float = PAIR_SD,
) -> Clips:
    """``drop`` is how much worse the candidate truly is; skewed: few prompts get much worse."""
    baseline = 0.8 + random.normal(0, PROMPT_SD, prompts)
    differences = deviation * noise(random, prompts, skewed=skewed) - drop
    return Clips(baseline, baseline + differences, random)


def noise(random: np.random.Generator, size: int, *, skewed: bool) -> Values:
    """Of mean 0 and deviation 1."""
    return 1 - random.exponential(1, size) if skewed else random.normal(0, 1, size)


def ours(found: Clips) -> str:
    """Paired, by prompt, with an interval against the margin."""
    differences = found.differences
    if bounds(differences)[0] > -MARGIN:
        return PASS
    return FAIL if harm_p(differences, margin=MARGIN) <= ALPHA else INCONCLUSIVE


def kayenta(found: Clips) -> str:
    """Kayenta's judge: an unpaired Mann-Whitney interval (98 %) against a quarter of the shift."""
    pairs = np.sort(np.subtract.outer(found.candidate, found.baseline).ravel())
    size = len(found.baseline)
    spread = math.sqrt(size * size * (2 * size + 1) / 12)
    rank = max(0, round(size * size / 2 - float(stats.norm.ppf(0.99)) * spread))
    high = pairs[len(pairs) - 1 - rank]
    bound = 0.25 * abs(float(np.median(pairs)))
    return FAIL if high < -bound else PASS


def naive(found: Clips) -> str:
    """The mean against a threshold, without an interval."""
    return FAIL if found.differences.mean() < -MARGIN else PASS


def by_frames(found: Clips) -> str:
    """A t interval that takes every frame for a sample of its own."""
    values = found.frames().ravel()
    reach = 1.645 * values.std(ddof=1) / math.sqrt(values.size)
    if values.mean() - reach > -MARGIN:
        return PASS
    return FAIL if values.mean() + reach < -MARGIN else INCONCLUSIVE


JUDGES: Mapping[str, Judge] = {
    "framegate": ours,
    "Kayenta's Mann-Whitney": kayenta,
    "mean against a threshold": naive,
    "frames as samples": by_frames,
}


def rates(
    judge: Judge,
    prompts: int,
    margins: float,
    *,
    skewed: bool = False,
    deviation: float = PAIR_SD,
) -> Rates:
    random = np.random.default_rng([SEED, prompts, round(margins * 10), skewed])
    drop = margins * MARGIN
    verdicts = [
        judge(clips(random, prompts, drop, skewed=skewed, deviation=deviation)) for _ in range(RUNS)
    ]
    return Rates(*(verdicts.count(one) / RUNS for one in (PASS, FAIL, INCONCLUSIVE)))


def coverage(prompts: int) -> float:
    """How often the two-sided 95 % interval of skewed differences holds their true mean."""
    random = np.random.default_rng([SEED, prompts])
    held = 0
    for _ in range(RUNS):
        low, high = bounds(1 - random.exponential(1, prompts), alpha=0.025)
        held += low <= 0 <= high
    return held / RUNS


def claimed(tail: str, prompts: int, margins: float, *, claims: int) -> float:
    """How often harm is shown for a candidate so much worse, as the first of several claims."""
    random = np.random.default_rng([SEED, prompts, round(margins * 10), claims])
    shown = 0
    for _ in range(RUNS):
        values = PAIR_SD * TAILS[tail](random, prompts) - margins * MARGIN
        shown += harm_p(values, margin=MARGIN) <= ALPHA / claims
    return shown / RUNS


def wrong_looks(*, skewed: bool) -> tuple[float, float]:
    """How often a bound excludes the truth at some look: those for many looks, those for one.

    Either bound counts, so 10 % is what bounds of 5 % promise.
    """
    random = np.random.default_rng([SEED, LOOKS[-1], skewed])
    wrong = np.zeros(2)
    for _ in range(RUNS):
        values = noise(random, LOOKS[-1], skewed=skewed)
        many = [sequence_from_pairs(values[:size]) for size in LOOKS]
        one = [bounds(values[:size]) for size in LOOKS]
        wrong += (
            any(found.lower() > 0 or found.upper() < 0 for found in many),
            any(low > 0 or high < 0 for low, high in one),
        )
    return float(wrong[0] / RUNS), float(wrong[1] / RUNS)


def power_chart(found: Mapping[str, Sequence[Rates]]) -> str:
    """FAIL against the true drop, at 20 prompts, as SVG."""
    lines = [
        {
            "name": name,
            "colour": colour,
            "points": [
                (60 + 160 * drop, 260 - 220 * one.failed)
                for drop, one in zip(DROPS, rates_of, strict=True)
            ],
        }
        for (name, rates_of), colour in zip(found.items(), COLOURS, strict=True)
    ]
    return rendered("gate_chart.svg.j2", lines=lines, drops=DROPS)


def page(found: Mapping[str, Sequence[Rates]]) -> str:
    """The page of the documentation, with the gate's own rates for fewer and more prompts."""
    own = [
        {
            "prompts": prompts,
            "noise": "skewed" if skewed else "normal",
            "none": rates(ours, prompts, 0, skewed=skewed),
            "margin": rates(ours, prompts, 1, skewed=skewed),
            "twice": rates(ours, prompts, 2, skewed=skewed),
            "coverage": coverage(prompts) if skewed else None,
        }
        for prompts in PROMPTS
        for skewed in (False, True)
    ]
    by_noise = [
        (share, [rates(ours, prompts, n, deviation=share * MARGIN) for n in (0, 1, 2)], prompts)
        for share in NOISES
        for prompts in (20, 40)
    ]
    among = [
        (tail, prompts, [claimed(tail, prompts, n, claims=CLAIMS) for n in (0, 1, 2, 3)])
        for tail in TAILS
        for prompts in (8, 20, 40)
    ]
    looks = {name: wrong_looks(skewed=name == "skewed") for name in ("normal", "skewed")}
    return rendered(
        "gate.md.j2",
        found=found,
        own=own,
        by_noise=by_noise,
        among=among,
        claims=CLAIMS,
        looks=looks,
        last_look=LOOKS[-1],
        look_count=len(LOOKS),
        drops=DROPS,
        runs=RUNS,
        **policy_tables(),
    )


def main() -> None:
    found = {name: [rates(judge, 20, drop) for drop in DROPS] for name, judge in JUDGES.items()}
    CHART.write_text(power_chart(found))
    sys.stdout.write(page(found))


if __name__ == "__main__":
    main()
