"""The requests of a load test: prompts and workload classes, chosen by a seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from framegate.telemetry.signals.names import Workload

SUBJECTS = ("a red ball", "two golden stars", "a blue cube", "three green rings", "a pink diamond")
ACTIONS = ("bouncing", "orbiting", "sliding", "swinging", "drifting", "spinning")
PLACES = ("over the sea", "in space", "across the desert", "in the forest", "through the city")
# Most traffic of a service that people use directly is interactive.
WORKLOAD_WEIGHTS = {Workload.INTERACTIVE: 6, Workload.REALTIME: 2, Workload.BATCH: 2}


@dataclass(frozen=True, slots=True)
class ClipRequest:
    """One request of a load test."""

    prompt: str
    seed: int
    workload: Workload


def clip_requests(seed: int) -> Iterator[ClipRequest]:
    """Requests without end; the same seed gives the same requests."""
    source = random.Random(seed)
    for number in count():
        words = (source.choice(SUBJECTS), source.choice(ACTIONS), source.choice(PLACES))
        workload = source.choices(list(WORKLOAD_WEIGHTS), list(WORKLOAD_WEIGHTS.values()))[0]
        yield ClipRequest(" ".join(words), seed * 1_000_003 + number, workload)
