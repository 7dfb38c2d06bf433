"""What a metric is: an id, a direction, and a step from frame to frame."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from framegate.quality.metrics.definitions import MetricDefinition


@dataclass(frozen=True, slots=True)
class Abstention:
    """A frame that a metric has no value for, and why."""

    reason: str


# What a metric remembers from one pair to the next, and the value it gives for this pair; None
# while it is still waiting for its first.
StepResult = tuple[Any, float | Abstention | None]


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def batch_of_one(_: Any) -> int:
    return 1


@dataclass(frozen=True, slots=True)
class Metric:
    """A definition, and what computes it.

    ``update`` takes what the metric remembers (None at first) and the frames of one moment; a
    value belongs to the moment ``delay`` before. ``clip_value`` makes one number of the frames'.
    A metric with ``together`` takes the frames of so many moments at once, as ``at_once`` says, in
    place of one after the other: what it remembers is nothing, and the values are the same.
    ``sampled`` metrics look at that many neighbouring frames now and then, all others (0) at all.
    """

    definition: MetricDefinition
    update: Callable[[Any, Any], StepResult]
    sampled: int = 0
    clip_value: Callable[[Sequence[float]], float] = mean
    delay: int = 0
    together: Callable[[Sequence[Any]], list[float]] | None = None
    at_once: Callable[[Any], int] = batch_of_one

    @property
    def id(self) -> str:
        return self.definition.id

    @property
    def unit(self) -> str:
        return self.definition.unit

    @property
    def higher_is_better(self) -> bool:
        return self.definition.higher_is_better

    @property
    def description(self) -> str:
        return self.definition.description

    @property
    def needs_reference(self) -> bool:
        return self.definition.needs_reference
