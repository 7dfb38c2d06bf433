"""What the built-in policies need for a PASS: the page is current, and its numbers are true."""

from pathlib import Path

import pytest

from framegate.quality.gate.margins.policies_page import needs_of, policies_page
from framegate.quality.gate.policy.policy import POLICIES, load_policy
from framegate.telemetry.platform.verdict import Verdict
from tests.quality.gate.made_evidence import SSIM, clips, judged, policy


def test_the_committed_page_is_current() -> None:
    page = Path(__file__).parents[4] / "docs" / "reference" / "policies.md"
    assert page.read_text() == policies_page(), "run `make generate`"


@pytest.mark.parametrize("name", POLICIES)
def test_every_rule_of_a_policy_is_on_the_page(name: str) -> None:
    rules = load_policy(POLICIES[name]).policy.metrics
    assert {one.rule.metric for one in needs_of(name, load_policy(POLICIES[name]).policy)} == set(
        rules
    )


def test_a_rule_passes_with_so_many_prompts_and_not_with_one_less() -> None:
    """Shares of at most 10 % take 29 prompts, as the page says."""
    text = (
        "version: 1\nminimum_prompts: 2\nunmatched_share: 0\ntolerated_broken_share: 0.9\n"
        f"metrics: {{{SSIM}: {{broken: {{worse_by: 0.1, at_most: 0.1}}}}}}\n"
    )
    (one,) = needs_of("mine", policy(text).policy)
    verdicts = [
        judged(clips(prompts=n), clips(prompts=n), policy(text)).verdict
        for n in (one.least - 1, one.least)
    ]
    assert verdicts == [Verdict.INCONCLUSIVE, Verdict.PASS]
    assert one.least == 29
