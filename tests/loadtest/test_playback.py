"""A player's clock, worked by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framegate.loadtest.boxes import Fragment
from framegate.loadtest.playback import Arrival, simulate_playback


def arrivals(*times: float, key: int = 0) -> list[Arrival]:
    """Half-second fragments that arrive at the given times."""
    return [
        Arrival(at, Fragment(n * 0.5, 0.5, 12, starts_with_key=n >= key))
        for n, at in enumerate(times)
    ]


def test_nothing_is_not_playable() -> None:
    nothing = simulate_playback([], requested_at=0.0)
    assert (nothing.is_playable, nothing.ttfp_seconds, nothing.frames) == (False, None, 0)


def test_fragments_in_time_play_without_a_stall() -> None:
    seen = simulate_playback(arrivals(1.0, 1.2, 1.9), requested_at=0.75)
    assert seen.ttfp_seconds == pytest.approx(0.25)
    assert (seen.stall_count, seen.stall_seconds, seen.frames) == (0, 0.0, 36)
    assert seen.media_seconds == pytest.approx(1.5)


def test_a_late_fragment_stalls_and_moves_all_that_follow() -> None:
    # Starts at 1.0, wants the second at 1.5 (comes 1.8), then the third at 2.3 (comes 2.3).
    seen = simulate_playback(arrivals(1.0, 1.8, 2.3), requested_at=1.0)
    assert seen.stall_count == 1
    assert seen.stall_seconds == pytest.approx(0.3)


def test_two_late_fragments_are_two_stalls() -> None:
    seen = simulate_playback(arrivals(0.0, 1.0, 2.0), requested_at=0.0)
    assert seen.stall_count == 2
    assert seen.stall_seconds == pytest.approx(1.0)


def test_a_buffer_forgives_what_it_holds() -> None:
    late = arrivals(0.0, 0.9, 1.4)
    assert simulate_playback(late, requested_at=0.0).stall_count == 1
    assert simulate_playback(late, requested_at=0.0, buffer_seconds=1.0).stall_count == 0


def test_playing_starts_at_a_key_frame() -> None:
    seen = simulate_playback(arrivals(1.0, 1.1, 1.2, key=1), requested_at=1.0)
    assert seen.ttfp_seconds == pytest.approx(0.1)
    assert seen.frames == 24
    assert not simulate_playback(arrivals(1.0, 1.1, key=9), requested_at=0.0).is_playable


@given(st.lists(st.floats(0, 10), min_size=1, max_size=20), st.integers(0, 19))
def test_a_later_fragment_never_makes_playing_smoother(times: list[float], index: int) -> None:
    ordered = sorted(times)
    before = simulate_playback(arrivals(*ordered), requested_at=0.0)
    place = index % len(ordered)
    later = [*ordered[:place], *(time + 1.0 for time in ordered[place:])]
    after = simulate_playback(arrivals(*later), requested_at=0.0)
    if place:
        assert after.stall_seconds >= before.stall_seconds - 1e-9
