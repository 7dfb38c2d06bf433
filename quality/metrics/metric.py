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

    ``update`` takes what the metric remembers (None at first) and the frames of one moment; the
    value it returns belongs to the moment ``delay`` frames before.
    ``clip_value`` makes the clip's value out of the values of its frames.
    ``update_batch``, where there is one, takes up to ``batch_size`` moments at a time instead:
    such a metric remembers nothing, and the values are the same.
    ``sample_frames`` is how many neighbouring frames are taken from every ``lpips_every`` frames;
    0 takes every frame.
    """

    definition: MetricDefinition
    update: Callable[[Any, Any], StepResult]
    sample_frames: int = 0
    clip_value: Callable[[Sequence[float]], float] = mean
    delay: int = 0
    update_batch: Callable[[Sequence[Any]], list[float]] | None = None
    batch_size: Callable[[Any], int] = batch_of_one

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
