"""What is wrong with objectives that parse."""

from collections.abc import Iterator, Sequence

from slo.burn import reachable, tiers
from slo.spec import Objective


def findings(objectives: Sequence[Objective]) -> list[str]:
    """One line per fault: alert tiers that can never fire, windows too short to say anything."""
    found = [
        f"{item.name}: tier '{tier.name}' can never fire: "
        f"{tier.factor.normalize():f} times the budget of {1 - item.target} is above all jobs"
        for item in objectives
        for tier in tiers(item.window_seconds)
        if not reachable(tier, item.target)
    ]
    found += [
        f"{item.name}: window of {item.window_seconds} s is too short for any alert tier"
        for item in objectives
        if not tiers(item.window_seconds)
    ]
    found += [
        f"{item.name}: slices of {item.slice_seconds} s are longer than {what} of {seconds} s"
        for item in objectives
        for what, seconds in looked_at(item)
        if item.slice_seconds and seconds < item.slice_seconds
    ]
    return found


def looked_at(item: Objective) -> Iterator[tuple[str, int]]:
    """Every window that is asked about, and its length."""
    yield "the window", item.window_seconds
    for tier in tiers(item.window_seconds):
        yield f"the short window of tier '{tier.name}'", tier.short_seconds
