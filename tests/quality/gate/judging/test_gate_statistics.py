"""How often the gate is right, on made-up clips whose truth is known; the seeds are the bench's."""

import pytest

from bench.gate import CLAIMS, JUDGES, PROMPTS, TAILS, claimed, coverage, ours, rates

NOISE = 0.005  # a standard error of so many draws


def test_a_candidate_twice_as_bad_as_allowed_is_failed() -> None:
    assert rates(ours, 20, 2).failed >= 0.95


@pytest.mark.parametrize("prompts", PROMPTS)
def test_wrong_verdicts_are_rarer_than_one_in_twenty(prompts: int) -> None:
    assert rates(ours, prompts, 0).failed <= 0.05
    at_the_margin = rates(ours, prompts, 1)
    assert at_the_margin.passed <= 0.05 + NOISE
    assert at_the_margin.failed <= 0.05 + NOISE


@pytest.mark.parametrize("prompts", PROMPTS)
def test_intervals_of_skewed_differences_cover_the_truth(prompts: int) -> None:
    assert coverage(prompts) >= 0.93


@pytest.mark.parametrize("tail", TAILS)
def test_harm_is_shown_among_many_claims_and_not_where_there_is_none(tail: str) -> None:
    assert claimed(tail, 8, 0, claims=CLAIMS) <= 0.001
    assert claimed(tail, 20, 1, claims=CLAIMS) <= 0.01
    assert claimed(tail, 40, 3, claims=CLAIMS) >= 0.9


def test_other_judges_are_wrong_where_they_are_said_to_be() -> None:
    assert rates(JUDGES["Kayenta's Mann-Whitney"], 20, 2).failed <= 0.05
    assert rates(JUDGES["mean against a threshold"], 20, 1).passed >= 0.4
    assert rates(JUDGES["frames as samples"], 20, 1).passed >= 0.2
