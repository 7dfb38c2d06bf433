"""The increase of counters minute by minute, from raw samples with every reset and start."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from framegate.slo.counting.prometheus_api import Labels, Samples
from framegate.slo.counting.series import FloatArray
from framegate.telemetry.platform.clock import DAY_SECONDS

INSTANCE_LABELS = ("job", "instance")  # the labels that identify a scraped instance
MINUTE_SECONDS = 60
KEPT_SECONDS = 90 * DAY_SECONDS


@dataclass(slots=True)
class CounterState:
    """Seen so far: the last time and value of each series, the first time of each instance."""

    values: dict[Labels, tuple[float, float]] = field(default_factory=dict)
    instances: dict[Labels, float] = field(default_factory=dict)

    def note_instances(self, series: Sequence[Samples]) -> None:
        """Record the first time of each scraped instance, in seconds."""
        for one in series:
            name, first = instance_of(one.labels), float(one.times[0])
            self.instances[name] = min(self.instances.get(name, first), first)

    def note_values(self, series: Sequence[Samples], *, before: int) -> None:
        """Record each series' last value before a second, and drop series that ended long ago."""
        for one in finite_samples(series):
            place = int(np.searchsorted(one.times, before)) - 1
            if place >= 0:
                self.values[one.labels] = float(one.times[place]), float(one.values[place])
        oldest = before - KEPT_SECONDS
        self.values = {name: one for name, one in self.values.items() if one[0] >= oldest}
        living = {instance_of(name) for name in self.values}
        self.instances = {name: one for name, one in self.instances.items() if name in living}


def increases(
    series: Sequence[Samples], known: CounterState, *, first: int, last: int
) -> FloatArray:
    """How much all series rose in each minute from the minute ``first`` to before ``last``.

    An increase between two samples belongs to the minute of the later one. A value below the one
    before means that the counter restarted at 0. A new series of an instance that was scraped
    before started at 0 too. If the instance is also new, or has no labels, the value before is
    unknown, and its first value counts nothing.
    """
    risen = np.zeros(max(0, last - first))
    for one in finite_samples(series):
        begin = int(np.searchsorted(one.times, first * MINUTE_SECONDS))
        end = int(np.searchsorted(one.times, last * MINUTE_SECONDS))
        if begin == end:
            continue
        before = value_before(one, begin, known)
        values = np.concatenate([[before], one.values[begin:end]])
        steps = np.diff(values)
        steps = np.where(steps < 0, values[1:], steps)
        places = (one.times[begin:end] // MINUTE_SECONDS).astype(np.int64) - first
        kept = ~np.isnan(steps)
        risen += np.bincount(places[kept], steps[kept], minlength=len(risen))
    return risen


def finite_samples(series: Sequence[Samples]) -> Iterator[Samples]:
    """The series without non-finite samples; the next finite one includes their increase."""
    for one in series:
        fit = np.isfinite(one.values)
        yield one if fit.all() else replace(one, times=one.times[fit], values=one.values[fit])


def value_before(one: Samples, begin: int, known: CounterState) -> float:
    """The value before a sample of a series; NaN if it is unknown."""
    if begin:
        return float(one.values[begin - 1])
    if one.labels in known.values:
        return known.values[one.labels][1]
    name = instance_of(one.labels)
    since = known.instances.get(name) if name else None
    return 0.0 if since is not None and since < one.times[0] else float("nan")


def instance_of(labels: Labels) -> Labels:
    return tuple((name, value) for name, value in labels if name in INSTANCE_LABELS)


def minutes_with_samples(series: Sequence[Samples], *, first: int, last: int) -> list[int]:
    """The minutes in which any series has a sample."""
    minutes = [np.unique(one.times // MINUTE_SECONDS) for one in series]
    found = np.unique(np.concatenate(minutes)).astype(np.int64) if minutes else np.zeros(0, int)
    return [minute for minute in found.tolist() if first <= minute < last]
