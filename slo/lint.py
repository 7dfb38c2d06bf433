"""What is wrong with objectives that parse."""

from collections.abc import Sequence

from slo.burn import reachable, tiers
from slo.spec import Objective


def findings(objectives: Sequence[Objective]) -> list[str]:
    """One line per fault: alert tiers that can never fire, windows too short to alert on."""
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
    return found
