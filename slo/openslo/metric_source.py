"""Read the ``spec`` of an OpenSLO metric source as its type says."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, Field

from framegate.slo.openslo.kinds import OpenSloMetric
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import FilePlace, faults_at

NonEmptyText = Annotated[str, Field(min_length=1)]
SourceT = TypeVar("SourceT", bound=BaseModel)


def parse_metric_source(
    kind: type[SourceT], metric: OpenSloMetric, where: FilePlace, expected: str = "framegate"
) -> SourceT:
    found = metric.metric_source
    if found.type != expected:
        raise InputError(f"{where.at('type')}: {found.type!r} must be {expected!r}")
    with faults_at(where.at("spec"), kind):
        return kind.model_validate(found.spec)
