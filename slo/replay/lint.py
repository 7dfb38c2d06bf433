"""What is wrong with objectives that parse."""

from collections.abc import Iterator, Sequence

from framegate.slo.counting.sli import Sli
from framegate.slo.objectives.objective import Objective
from framegate.slo.openslo.sloth import NO_RUNBOOK
from framegate.telemetry.signals.names import METRIC_TTFP


def findings(objectives: Sequence[Objective]) -> list[str]:
    """One line per fault: alert conditions that can never fire, windows shorter than a slice."""
    found = [
        f"{item.name}: condition '{rule.condition.name}' can never fire: "
        f"{float(rule.condition.factor):g} times the budget of {1 - item.target} is above all jobs"
        for item in objectives
        for rule in item.burn_rules
        if not rule.condition.can_fire(item.target)
    ]
    found += [
        f"{item.name}: slices of {item.slice_seconds} s are longer than {what} of {seconds} s"
        for item in objectives
        for what, seconds in evaluated_windows(item)
        if item.slice_seconds and seconds < item.slice_seconds
    ]
    found += [f"{item.name}: has no runbook" for item in objectives if item.runbook == NO_RUNBOOK]
    return found + threshold_faults(objectives)


def threshold_faults(objectives: Sequence[Objective]) -> list[str]:
    """Limits of the first playable that no bucket of its histogram ends at.

    The engine compares every job; a query over buckets could not tell such jobs apart.
    """
    return [
        f"{item.name}: no bucket of {METRIC_TTFP.name} ends at {part.threshold} s"
        for item in objectives
        for part in item.parts
        if part.threshold is not None
        and isinstance(part.sli, Sli)
        and part.sli.good.columns == {"ttfp_seconds"}
        and float(part.threshold) not in METRIC_TTFP.buckets
    ]


def evaluated_windows(item: Objective) -> Iterator[tuple[str, int]]:
    """Every window that is asked about, and its length."""
    yield "the window", item.window_seconds
    for rule in item.burn_rules:
        condition = rule.condition
        yield f"the long window of '{condition.name}'", 60 * condition.long_minutes
        if condition.short_minutes is not None:
            yield f"the short window of '{condition.name}'", 60 * condition.short_minutes
