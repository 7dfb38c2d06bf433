"""What a viewer would have seen: simulates a player from the arrival times of fragments.

Times are in seconds, all on the same clock; the player starts at the first fragment it can decode.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from framegate.loadtest.boxes import Fragment


@dataclass(frozen=True, slots=True)
class Arrival:
    """One fragment, and the time of its last byte."""

    at: float
    fragment: Fragment


@dataclass(frozen=True, slots=True)
class Playback:
    """What a viewer sees of one clip; ``ttfp_seconds`` is None when nothing was playable."""

    ttfp_seconds: float | None
    stall_count: int
    stall_seconds: float
    frames: int
    media_seconds: float

    @property
    def is_playable(self) -> bool:
        return self.ttfp_seconds is not None


NO_PLAYBACK = Playback(None, 0, 0.0, 0, 0.0)


def simulate_playback(
    arrivals: Sequence[Arrival], *, requested_at: float, buffer_seconds: float = 0.0
) -> Playback:
    """Play the fragments at their times of arrival.

    Playback starts when ``buffer_seconds`` of media have arrived (or all of it), at the first
    fragment that begins with a key frame.
    When the next fragment has not arrived in time, playback stalls until it does.
    """
    first = next((n for n, item in enumerate(arrivals) if item.fragment.starts_with_key), None)
    if first is None:
        return NO_PLAYBACK
    playing = arrivals[first:]
    clock = playback_start(playing, buffer_seconds=buffer_seconds)
    stalls, stalled = 0, 0.0
    for item in playing:
        late = item.at - clock
        if late > 0:
            stalls, stalled = stalls + 1, stalled + late
            clock = item.at
        clock += item.fragment.duration_seconds
    return Playback(
        ttfp_seconds=playing[0].at - requested_at,
        stall_count=stalls,
        stall_seconds=stalled,
        frames=sum(item.fragment.frames for item in playing),
        media_seconds=sum(item.fragment.duration_seconds for item in playing),
    )


def playback_start(playing: Sequence[Arrival], *, buffer_seconds: float) -> float:
    """When enough media had arrived to start."""
    buffered = 0.0
    for item in playing:
        buffered += item.fragment.duration_seconds
        if buffered >= buffer_seconds:
            return item.at
    return playing[-1].at
