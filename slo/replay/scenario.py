"""The input files of a backtest: simulated days, and recorded incidents."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from pydantic import AwareDatetime, Field, model_validator

from framegate.slo.counting.series import MinuteSpan, Series
from framegate.slo.objectives.components import ObjectiveSeries
from framegate.slo.objectives.objective import Objective
from framegate.slo.openslo.fields import unix_ns
from framegate.slo.replay.backtest import Incident
from framegate.telemetry.platform.clock import DAY_MINUTES, MINUTE_NS
from framegate.telemetry.platform.strict_file import StrictModel, read_model

BEGIN_MINUTE = unix_ns(datetime(2026, 1, 1, tzinfo=UTC)) // MINUTE_NS

Ratio = Annotated[float, Field(ge=0, le=1)]


class ScenarioIncident(StrictModel):
    """Minutes with another bad ratio; ``at_minute`` counts from the start of the scenario."""

    name: Annotated[str, Field(min_length=1)]
    at_minute: Annotated[int, Field(ge=0)]
    minutes: Annotated[int, Field(ge=1)]
    bad_ratio: Ratio


class Scenario(StrictModel):
    """Simulated days: ``jobs_per_minute`` on average, ``bad_ratio`` of them bad, from a seed."""

    days: Annotated[int, Field(ge=1, le=400)]
    seed: int = 0
    jobs_per_minute: Annotated[float, Field(gt=0, le=100_000)]
    bad_ratio: Ratio = 0.0
    incidents: tuple[ScenarioIncident, ...] = ()

    @model_validator(mode="after")
    def check_incidents_fit(self) -> Self:
        for one in self.incidents:
            if one.at_minute + one.minutes > self.days * DAY_MINUTES:
                raise ValueError(f"incident {one.name!r} ends after the last day")
        return self

    @property
    def span(self) -> MinuteSpan:
        return MinuteSpan(BEGIN_MINUTE, BEGIN_MINUTE + self.days * DAY_MINUTES)

    def objective_series(self, objective: Objective) -> ObjectiveSeries:
        """These days as counts of an objective; each component of a composite has its own."""
        series = tuple(self.series(number) for number in range(len(objective.parts)))
        return ObjectiveSeries(objective.parts, series, objective.target)

    def series(self, number: int = 0) -> Series:
        """Counts that are the same on every machine for the same scenario and number."""
        generator = np.random.default_rng(self.seed if not number else [self.seed, number])
        size = self.days * DAY_MINUTES
        ratios = np.full(size, self.bad_ratio)
        for one in self.incidents:
            ratios[one.at_minute : one.at_minute + one.minutes] = one.bad_ratio
        totals = generator.poisson(self.jobs_per_minute, size)
        bad = generator.binomial(totals, ratios)
        counts = np.zeros((size, 4), np.int64)
        counts[:, 0], counts[:, 1] = totals - bad, bad
        series = Series()
        series.put(np.arange(BEGIN_MINUTE, BEGIN_MINUTE + size), counts)
        return series

    def labelled_incidents(self) -> list[Incident]:
        return [
            Incident(
                one.name, BEGIN_MINUTE + one.at_minute, BEGIN_MINUTE + one.at_minute + one.minutes
            )
            for one in self.incidents
        ]


class RecordedIncident(StrictModel):
    """A real incident, as people recorded it."""

    name: Annotated[str, Field(min_length=1)]
    start: AwareDatetime
    end: AwareDatetime

    @model_validator(mode="after")
    def check_order(self) -> Self:
        if self.end <= self.start:
            raise ValueError("end must be after start")
        return self


class IncidentFile(StrictModel):
    incidents: tuple[RecordedIncident, ...]


def load_scenario(path: Path) -> Scenario:
    """Raises InputError naming file, line and key."""
    return read_model(path, Scenario)


def load_incidents(path: Path) -> tuple[RecordedIncident, ...]:
    """Raises InputError naming file, line and key."""
    return read_model(path, IncidentFile).incidents


def incidents_by_minute(pasts: Iterable[RecordedIncident]) -> list[Incident]:
    """Recorded incidents in whole minutes since 1970."""
    return [
        Incident(one.name, unix_ns(one.start) // MINUTE_NS, -(-unix_ns(one.end) // MINUTE_NS))
        for one in pasts
    ]
