"""The built-in ``no-reference`` policy on stored values of a model's clips: few draws of the page.

``bench/no_reference.py`` made the clips and their faults, and writes the page of all draws.
"""

import pytest

from bench.no_reference import CANDIDATES, EQUAL, rates, read_scores, without_delivery
from framegate.quality.gate.policy.policy import POLICIES, load_policy

POLICY = without_delivery(load_policy(POLICIES["no-reference"]).policy)
SCORES = read_scores()
OPEN = ("half as fast", "blur 0.8")  # near the margin: INCONCLUSIVE or FAIL


@pytest.mark.parametrize("prompts", [30, 48])
def test_other_seeds_of_a_model_do_not_fail(prompts: int) -> None:
    found = rates(SCORES, POLICY, EQUAL, share=1.0, prompts=prompts, runs=12)
    assert found.failed <= 1 / 12
    assert found.passed >= (0.8 if prompts == 48 else 0.3)


@pytest.mark.parametrize(("fault", "share"), [one for one in CANDIDATES if one[0] != EQUAL])
def test_a_fault_does_not_pass(fault: str, share: float) -> None:
    found = rates(SCORES, POLICY, fault, share=share, prompts=48, runs=3)
    assert found.passed == 0
    assert found.failed == 1 or share < 1 or fault in OPEN
