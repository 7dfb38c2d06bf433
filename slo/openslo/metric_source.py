"""An OpenSLO metric source as the kind of source that it says it is."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, Field, ValidationError

from framegate.slo.openslo.kinds import OpenSloMetric
from framegate.slo.openslo.strict_model import describe_fault
from framegate.telemetry.platform.errors import InputError

NonEmptyText = Annotated[str, Field(min_length=1)]
SourceT = TypeVar("SourceT", bound=BaseModel)


def parse_metric_source(
    kind: type[SourceT], metric: OpenSloMetric, where: str, expected: str = "framegate"
) -> SourceT:
    found = metric.metric_source
    if found.type != expected:
        raise InputError(f"{where}.type: {found.type!r} is not {expected!r}")
    try:
        return kind.model_validate(found.spec)
    except ValidationError as error:
        raise InputError(f"{where}.spec.{describe_fault(error)}") from error
