"""How often a folder of several seeds is judged rightly, by prompt and with seeds as prompts.

Part of ``python -m bench.gate_policies``. The differences of a prompt's seeds have something in
common, so they say less than as many prompts do.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from framegate.quality.gate.evidence.evidence import Clip, Evidence
from framegate.quality.gate.judging.judge import judge
from framegate.quality.gate.policy.policy import Policy, parse_policy
from framegate.telemetry.platform.verdict import Verdict

PROMPTS, SEEDS = 10, 5
CORRELATIONS = (0.0, 0.5, 0.8)  # between the differences of two seeds of a prompt
MARGIN, DEVIATION = 0.01, 0.012  # of one clip's difference
METRIC, BASE = "ssim_wang_rgb_v1", 0.9
RUNS, SEED = 2_000, 34
AT = datetime(2026, 11, 25, tzinfo=UTC)
HERE = {"host": "here", "times": "one run"}
POLICY = f"""\
version: 1
minimum_prompts: {PROMPTS}
unmatched_share: 0
tolerated_broken_share: 0.3
metrics: {{{METRIC}: {{margin: {MARGIN}}}}}
"""


@dataclass(frozen=True, slots=True)
class SeedRates:
    """How often a candidate at the margin passed and failed, 0 to 1."""

    correlation: float
    by_prompt: tuple[float, float]
    by_seed: tuple[float, float]


def folders(
    random: np.random.Generator, correlation: float, *, seeds_are_prompts: bool
) -> tuple[Evidence, Evidence]:
    """Two sides of which the second is truly worse by the margin."""
    shared = np.sqrt(correlation) * random.normal(0, 1, (PROMPTS, 1))
    own = np.sqrt(1 - correlation) * random.normal(0, 1, (PROMPTS, SEEDS))
    differences = DEVIATION * (shared + own) - MARGIN
    values = BASE + random.normal(0, 0.02, (PROMPTS, SEEDS))
    sides = []
    for name, side in (("old", values), ("new", values + differences)):
        clips = tuple(
            Clip(
                f"p{prompt} s{seed}",
                f"p{prompt} s{seed}" if seeds_are_prompts else f"p{prompt}",
                f"prompt {prompt}",
                seed=seed,
                values={METRIC: float(side[prompt, seed])},
            )
            for prompt in range(PROMPTS)
            for seed in range(SEEDS)
        )
        sides.append(Evidence(name, "made up", HERE, clips))
    return sides[0], sides[1]


def verdict_rates(
    policy: Policy, correlation: float, *, seeds_are_prompts: bool, runs: int
) -> tuple[float, float]:
    """The shares of PASS and FAIL; both are wrong at the margin, in at most one run of twenty."""
    random = np.random.default_rng([SEED, round(100 * correlation)])
    found = [
        judge(
            *folders(random, correlation, seeds_are_prompts=seeds_are_prompts), policy, at=AT
        ).verdict
        for _ in range(runs)
    ]
    return found.count(Verdict.PASS) / runs, found.count(Verdict.FAIL) / runs


def seed_rates(correlation: float, *, runs: int = RUNS) -> SeedRates:
    policy = parse_policy(POLICY, path="gate.yaml").policy
    return SeedRates(
        correlation,
        verdict_rates(policy, correlation, seeds_are_prompts=False, runs=runs),
        verdict_rates(policy, correlation, seeds_are_prompts=True, runs=runs),
    )


def seed_tables() -> dict[str, object]:
    """What ``gate_policies.md.j2`` shows."""
    return {
        "seed_prompts": PROMPTS,
        "seed_seeds": SEEDS,
        "seed_runs": RUNS,
        "seed_rates": [seed_rates(correlation) for correlation in CORRELATIONS],
    }
