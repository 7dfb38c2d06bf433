"""Check objectives for mistakes that parse."""

from collections.abc import Iterator, Sequence

from framegate.slo.counting.sli import Sli
from framegate.slo.objectives.objective import Objective
from framegate.slo.openslo.sloth import NO_RUNBOOK
from framegate.telemetry.signals.names import METRIC_TTFP


def findings(objectives: Sequence[Objective]) -> list[str]:
    """One line for each fault: conditions that can never fire, windows shorter than a slice."""
    found = [
        f"{item.name}: condition '{rule.condition.name}' can never fire: "
        f"{float(rule.condition.factor):g} times the allowed bad ratio {1 - item.target} is above 1"
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
    """Time-to-first-playable thresholds that are not a bucket boundary of the histogram.

    The engine compares every job, but a query over the histogram could not.
    """
    return [
        f"{item.name}: threshold {part.threshold} s is not a bucket boundary of {METRIC_TTFP.name}"
        for item in objectives
        for part in item.parts
        if part.threshold is not None
        and isinstance(part.sli, Sli)
        and part.sli.good.columns == {"ttfp_seconds"}
        and float(part.threshold) not in METRIC_TTFP.buckets
    ]


def evaluated_windows(item: Objective) -> Iterator[tuple[str, int]]:
    """Every window of an objective and its length in seconds."""
    yield "the window", item.window_seconds
    for rule in item.burn_rules:
        condition = rule.condition
        yield f"the long window of '{condition.name}'", 60 * condition.long_minutes
        if condition.short_minutes is not None:
            yield f"the short window of '{condition.name}'", 60 * condition.short_minutes
