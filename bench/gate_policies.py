"""How often a shipped policy as a whole is right: verdicts on made-up sides, where truth is known.

``python -m bench.gate_policies`` prints the last three sections of what ``python -m bench.gate``
writes, ``docs/explanation/gate-statistics.md``, in half an hour. Each metric has noise of its own,
in units of its margin; the prompts are in eight categories, as in the default suite. A canary has
one metric, and is judged at every look until it passes.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from bench.gate_seeds import seed_tables
from bench.templates import rendered
from framegate.quality.gate.canary.sequential import sequence_from_pairs
from framegate.quality.gate.evidence.evidence import Clip, Evidence
from framegate.quality.gate.judging.judge import judge
from framegate.quality.gate.judging.shares import prompts_to_see
from framegate.quality.gate.policy.policy import DEFAULT_POLICY, Policy, load_policy
from framegate.telemetry.platform.verdict import Verdict

Values = NDArray[np.float64]
Noise = Callable[[np.random.Generator, int], Values]  # of mean 0 and deviation 1

CATEGORIES, PROMPTS_EACH = 8, 6  # as in the default suite; fewer where prompts are fewer
PROMPTS = (29, 48, 96, 192)
NOISES = (0.5, 1.0, 2.0, 4.0)  # deviations of a prompt's difference, in margins
PROMPTS_OF_TWICE = (29, 48)
RUNS, SEED = 60, 16
AT = datetime(2026, 11, 25, tzinfo=UTC)
HERE = {"host": "here", "times": "one run"}
TIME_NOISE = 0.05  # of a second: frame times and times to the first fragment
# Values of a baseline's prompts. Others are 0 on both sides.
BASES = {"ssim_wang_rgb_v1": 0.9, "lpips_alex_v0.1": 0.1, "flicker_fr_v1": 0.5, "freeze_v1": 0.1}
TIMES = ("frame_time_v1", "ttfp_v1")
LOWER_IS_BETTER = frozenset(BASES) - {"ssim_wang_rgb_v1"}

SHAPES: Mapping[str, Noise] = {
    "normal": lambda random, size: random.normal(0, 1, size),
    # Two draws of one model: their differences are symmetric, however skewed its scores are.
    "skewed scores": lambda random, size: (
        (random.exponential(1, size) - random.exponential(1, size)) / np.sqrt(2)
    ),
    "skewed differences": lambda random, size: 1 - random.exponential(1, size),
    "heavy tails": lambda random, size: random.standard_t(3, size) / np.sqrt(3),
    "mostly zero": lambda random, size: (
        random.normal(0, 1 / np.sqrt(0.3), size) * (random.random(size) < 0.3)
    ),
}


@dataclass(frozen=True, slots=True)
class PolicyRates:
    """How often the policy passed and failed a candidate, 0 to 1; the rest is INCONCLUSIVE."""

    shape: str
    prompts: int
    noise: float
    drop: float
    passed: float
    failed: float


PolicyRow = tuple[str, int, list[PolicyRates]]


def sides(
    random: np.random.Generator,
    policy: Policy,
    shape: str,
    *,
    prompts: int,
    noise: float,
    drop: float,
) -> tuple[Evidence, Evidence]:
    """Two sides of which the second is truly worse by ``drop`` margins in every metric."""
    values: list[dict[str, Values]] = [{}, {}]
    for name in policy.metrics:
        base = np.full(prompts, BASES.get(name, 0.0))
        change = np.zeros(prompts)
        if name in BASES:
            margin = policy.metrics[name].margin or 0.0
            base = base + random.normal(0, 0.02, prompts)
            sign = 1.0 if name in LOWER_IS_BETTER else -1.0
            change = margin * (noise * -sign * SHAPES[shape](random, prompts) + sign * drop)
        if name in TIMES:
            base, change = np.ones(prompts), random.normal(0, TIME_NOISE, prompts)
        values[0][name], values[1][name] = base, base + change
    return side("old", values[0], prompts), side("new", values[1], prompts)


def side(name: str, values: Mapping[str, Values], prompts: int) -> Evidence:
    clips = tuple(
        Clip(
            f"p{n}",
            f"p{n}",
            f"prompt {n}",
            category=f"category {n % categories_of(prompts)}",
            values={metric: float(found[n]) for metric, found in values.items()},
        )
        for n in range(prompts)
    )
    return Evidence(name, "made up", HERE, clips)


def categories_of(prompts: int) -> int:
    return min(CATEGORIES, prompts // PROMPTS_EACH)


def policy_rates(
    policy: Policy, shape: str, *, prompts: int, noise: float, drop: float, runs: int = RUNS
) -> PolicyRates:
    random = np.random.default_rng([SEED, prompts, round(100 * noise), round(10 * drop)])
    found = [
        judge(
            *sides(random, policy, shape, prompts=prompts, noise=noise, drop=drop), policy, at=AT
        ).verdict
        for _ in range(runs)
    ]
    passed, failed = (found.count(one) / runs for one in (Verdict.PASS, Verdict.FAIL))
    return PolicyRates(shape, prompts, noise, drop, passed, failed)


LOOKS = (8, 12, 16, 20, 24, 29, 35, 42, 50, 59, 75, 100, 140, 200, 280, 400)
CANARY_RUNS = 400
BROKEN_BY = 0.9  # of SSIM, by which a broken prompt is worse
CANARY_MARGIN, CANARY_SD = 0.01, 0.012
LOGNORMAL_SD = float(np.sqrt((np.e - 1) * np.e))
# Differences of pairs, truly at the margin or beyond it: none of these may pass.
CANARIES: Mapping[str, Noise] = {
    "normal": lambda random, size: CANARY_SD * random.normal(0, 1, size) - CANARY_MARGIN,
    "skewed": lambda random, size: CANARY_SD * (1 - random.exponential(1, size)) - CANARY_MARGIN,
    "lognormal": lambda random, size: (
        CANARY_SD * (np.exp(0.5) - random.lognormal(0, 1, size)) / LOGNORMAL_SD - CANARY_MARGIN
    ),
    "10 % of prompts broken": lambda random, size: broken_prompts(random, size, share=0.1),
    "5 % of prompts broken": lambda random, size: broken_prompts(random, size, share=0.05),
}
SHARES = (0.1, 0.05)


def broken_prompts(random: np.random.Generator, size: int, *, share: float) -> Values:
    return np.where(random.random(size) < share, -BROKEN_BY, CANARY_SD * random.normal(0, 1, size))


@dataclass(frozen=True, slots=True)
class CanaryRates:
    """How often a canary passed at one of the looks, 0 to 1, by ``tolerated_broken_share``.

    ``mean_alone`` is how often the bound of its mean alone would have let it pass.
    """

    canary: str
    passed: Mapping[float, float]
    mean_alone: float


def canary_rates(canary: str, *, runs: int = CANARY_RUNS) -> CanaryRates:
    random = np.random.default_rng([SEED, len(canary)])
    passed, alone = dict.fromkeys(SHARES, 0), 0
    for _ in range(runs):
        differences = CANARIES[canary](random, LOOKS[-1])
        looks = [n for n in LOOKS if sequence_from_pairs(differences[:n]).lower() > -CANARY_MARGIN]
        alone += bool(looks)
        for share in SHARES:
            passed[share] += any(n >= prompts_to_see(share) for n in looks)
    return CanaryRates(
        canary, {share: count / runs for share, count in passed.items()}, alone / runs
    )


def policy_rows(prompts: Sequence[int], *, drop: float) -> list[PolicyRow]:
    """One row for each shape and number of prompts, with a cell for each noise."""
    policy = load_policy(DEFAULT_POLICY).policy
    return [
        (
            shape,
            n,
            [policy_rates(policy, shape, prompts=n, noise=noise, drop=drop) for noise in NOISES],
        )
        for shape in SHAPES
        for n in prompts
    ]


def policy_tables() -> dict[str, object]:
    """What ``gate_policies.md.j2`` shows."""
    return {
        "policy_runs": RUNS,
        "policy_noises": NOISES,
        "policy_equal": policy_rows(PROMPTS, drop=0.0),
        "policy_twice": policy_rows(PROMPTS_OF_TWICE, drop=2.0),
        "canary_looks": LOOKS,
        "canary_runs": CANARY_RUNS,
        "canaries": [canary_rates(one) for one in CANARIES],
        **seed_tables(),
    }


def main() -> None:
    sys.stdout.write(rendered("gate_policies.md.j2", **policy_tables()))


if __name__ == "__main__":
    main()
