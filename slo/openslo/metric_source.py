"""An OpenSLO metric source as the kind of source that it says it is."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, Field, ValidationError

from framegate.slo.openslo.kinds import Metric
from framegate.slo.openslo.strict_model import fault
from framegate.telemetry.platform.errors import InputError

Text = Annotated[str, Field(min_length=1)]
Source = TypeVar("Source", bound=BaseModel)


def source(kind: type[Source], metric: Metric, where: str, expected: str = "framegate") -> Source:
    found = metric.metric_source
    if found.type != expected:
        raise InputError(f"{where}.type: {found.type!r} is not {expected!r}")
    try:
        return kind.model_validate(found.spec)
    except ValidationError as error:
        raise InputError(f"{where}.spec.{fault(error)}") from error
