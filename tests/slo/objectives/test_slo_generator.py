"""The same counts through google/slo-generator 2.6.0: equal, but where its report says why not."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framegate.slo.objectives.error_budget import Share, burn_rate, burns_faster, success_ratio
from tests.slo.peers import report


def share(good: int, bad: int) -> Share:
    return Share(Fraction(good), Fraction(good + bad))


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(0, 10**4),
    st.sampled_from(["0.9", "0.95", "0.99", "0.995", "0.999"]),
)
def test_ratio_and_burn_are_the_same_to_its_rounding(good: int, bad: int, goal: str) -> None:
    if not good or not bad:
        return
    theirs = report(good=good, bad=bad, goal=float(goal))
    counts = share(good, bad)
    ratio, burn = success_ratio(counts), burn_rate(counts, Decimal(goal))
    assert ratio is not None
    assert burn is not None
    assert theirs["sli_measurement"] == pytest.approx(ratio, abs=1e-6)
    # It rounds the ratio to six places and the burn to one.
    rounded = 0.05 + 1e-6 / (1 - float(goal))
    assert theirs["error_budget_burn_rate"] == pytest.approx(burn, abs=rounded)
    assert (theirs["good_events_count"], theirs["bad_events_count"]) == (good, bad)


def test_it_rounds_before_it_compares_and_misses_an_alert() -> None:
    # 904 bad of 100,000 at 99.9 %: a burn of 9.04, above 9; rounded it is 9.0, which is not.
    theirs = report(good=99_096, bad=904, goal=0.999, threshold=9.0)
    assert theirs["alert"] is False
    assert burns_faster(share(99_096, 904), Decimal("0.999"), Fraction(9)) is True


def test_it_calls_a_goal_of_everything_fine_with_errors() -> None:
    theirs = report(good=95, bad=5, goal=1.0)
    assert theirs["error_budget_burn_rate"] == 0
    assert theirs["consequence_message"] == "ok"
    # Ours refuses such a target when a file is read (tests/slo/openslo/test_kinds.py).


def test_it_pages_for_one_bad_event_and_nothing_else() -> None:
    theirs = report(good=0, bad=1, goal=0.999)
    assert theirs["alert"] is True
    # Ours asks for three, and for confidence (tests/slo/objectives/test_alert_rules.py).


def test_no_events_are_an_error_to_it_and_nothing_known_to_us() -> None:
    assert report(good=0, bad=0, goal=0.99)["valid"] is False
    assert burn_rate(share(0, 0), Decimal("0.99")) is None
