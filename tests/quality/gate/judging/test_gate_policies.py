"""The built-in policy as a whole: it fails no equal model, and passes one where it says it can."""

import pytest

from bench.gate_policies import SHAPES, canary_rates, policy_rates
from bench.gate_seeds import SeedRates, seed_rates
from framegate.quality.gate.policy.policy import DEFAULT_POLICY, load_policy
from tests.volume import examples

POLICY = load_policy(DEFAULT_POLICY).policy
RUNS = examples(60)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("prompts", "noise"), [(29, 1.0), (48, 4.0), (96, 2.0)])
def test_noise_alone_fails_no_model(shape: str, prompts: int, noise: float) -> None:
    found = policy_rates(POLICY, shape, prompts=prompts, noise=noise, drop=0, runs=RUNS)
    assert found.failed <= 0.05


@pytest.mark.parametrize(
    ("prompts", "noise", "least"), [(29, 0.5, 0.9), (48, 0.5, 0.9), (48, 1.0, 0.6), (192, 2.0, 0.9)]
)
def test_an_equal_model_passes_where_the_noise_allows_it(
    prompts: int, noise: float, least: float
) -> None:
    found = policy_rates(POLICY, "normal", prompts=prompts, noise=noise, drop=0, runs=RUNS)
    assert found.passed >= least - 0.2 * (RUNS < 20)


def test_twice_the_margin_is_found() -> None:
    found = policy_rates(POLICY, "normal", prompts=48, noise=1.0, drop=2, runs=RUNS)
    assert found.failed >= 0.9


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_margin_never_passes(shape: str) -> None:
    found = policy_rates(POLICY, shape, prompts=29, noise=1.0, drop=2, runs=RUNS)
    assert found.passed == 0


@pytest.mark.parametrize(
    ("canary", "share", "most"),
    [
        ("normal", 0.1, 0.05),
        ("skewed", 0.1, 0.06),
        ("lognormal", 0.1, 0.08),
        ("10 % of prompts broken", 0.1, 0.07),
        ("5 % of prompts broken", 0.05, 0.07),
    ],
)
def test_a_canary_that_is_worse_passes_seldom_at_any_look(
    canary: str, share: float, most: float
) -> None:
    assert canary_rates(canary).passed[share] <= most


def test_the_bound_of_a_canarys_mean_alone_misses_rare_faults() -> None:
    assert canary_rates("5 % of prompts broken").mean_alone > 0.3


SEED_RUNS = examples(2_000)
# 5 % and three standard errors of a share of so many runs.
MOST_WRONG = 0.05 + 3 * (0.05 * 0.95 / SEED_RUNS) ** 0.5


@pytest.mark.parametrize("correlation", [0.5, 0.8])
def test_seeds_of_a_prompt_are_one_unit_and_as_prompts_would_be_wrong(correlation: float) -> None:
    found: SeedRates = seed_rates(correlation, runs=SEED_RUNS)
    assert max(found.by_prompt) <= MOST_WRONG
    assert min(found.by_seed) > 0.1
