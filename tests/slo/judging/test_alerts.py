"""The life of an alert."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framegate.slo.judging.alerts import AlertPhase, AlertState, next_state

MINUTE = 60 * 10**9


def run(*looks: bool | None, after: int = 0) -> list[AlertState]:
    """The states after one look a minute."""
    state, states = AlertState(), []
    for number, holds in enumerate(looks, start=1):
        state = next_state(state, holds, now_ns=number * MINUTE, after_minutes=after)
        states.append(state)
    return states


def phases(*looks: bool | None, after: int = 0) -> list[str]:
    return [state.phase.value for state in run(*looks, after=after)]


@pytest.mark.parametrize(
    ("looks", "after", "expected"),
    [
        ((False, True, True, False, False), 0, "inactive firing firing resolved resolved"),
        ((True, True, True), 2, "pending pending firing"),
        ((True, False, True), 2, "pending inactive pending"),
        ((True, None, None, True), 0, "firing firing firing firing"),
        ((True, None, False), 0, "firing firing resolved"),
        ((None, None), 0, "inactive inactive"),
        ((True, None, True), 2, "pending pending firing"),
        ((True, False, True), 0, "firing resolved firing"),
    ],
)
def test_phases(looks: tuple[bool | None, ...], after: int, expected: str) -> None:
    assert phases(*looks, after=after) == expected.split()


def test_times_say_since_when() -> None:
    *_, pending, firing, frozen, again, resolved = run(
        False, True, True, None, True, False, after=1
    )
    assert (pending.since_ns, firing.since_ns, firing.fired_ns) == (2 * MINUTE,) * 2 + (3 * MINUTE,)
    assert frozen.frozen_ns == 4 * MINUTE
    assert again.frozen_ns is None
    assert resolved.resolved_ns == 6 * MINUTE


def test_a_clock_that_goes_back_fires_nothing_and_resolves_nothing() -> None:
    firing = next_state(AlertState(), True, now_ns=10 * MINUTE, after_minutes=0)
    assert next_state(firing, None, now_ns=MINUTE, after_minutes=0).phase is AlertPhase.FIRING
    pending = next_state(AlertState(), True, now_ns=10 * MINUTE, after_minutes=5)
    assert next_state(pending, True, now_ns=MINUTE, after_minutes=5).phase is AlertPhase.PENDING


@given(st.lists(st.sampled_from([True, False, None]), max_size=30), st.integers(0, 3))
def test_only_good_news_resolves_and_only_bad_news_fires(
    looks: list[bool | None], after: int
) -> None:
    before = AlertState()
    for look, state in zip(looks, run(*looks, after=after), strict=True):
        if state.phase is AlertPhase.FIRING and before.phase is not AlertPhase.FIRING:
            assert look is True
        if before.phase is AlertPhase.FIRING and state.phase is not AlertPhase.FIRING:
            assert look is False
        before = state
