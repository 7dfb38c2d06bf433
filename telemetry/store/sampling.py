"""Which share of the clips of each class and model is scored."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from framegate.telemetry.platform.errors import InputError

ANY = "*"


class Sample(BaseModel):
    """A share, 0 to 1, of the clips of one workload class and one model; ``*`` is every one.

    Of several that fit a clip the first one counts; a clip that none fits is scored.
    Clips are drawn by the hash of their prompt id, or of their job id where they have none: every
    model's clips of one prompt are scored or none, so that models can be compared in pairs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    workload: Annotated[str, Field(min_length=1)]
    model: Annotated[str, Field(min_length=1)]
    share: Annotated[float, Field(ge=0, le=1)]


SAMPLES = TypeAdapter(Annotated[tuple[Sample, ...], Field(max_length=100)])


def samples_from(texts: Sequence[str]) -> tuple[Sample, ...]:
    """CLASS=SHARE or CLASS/MODEL=SHARE, as ``batch=0.1``; raises InputError naming the text."""
    return tuple(sample_from(text) for text in texts)


def sample_from(text: str) -> Sample:
    which, _, share = text.rpartition("=")
    workload, _, model = which.partition("/")
    try:
        return Sample.model_validate({"workload": workload, "model": model or ANY, "share": share})
    except ValidationError:
        wanted = "CLASS=SHARE or CLASS/MODEL=SHARE with a share from 0 to 1"
        raise InputError(f"sample {text!r}: is not {wanted}") from None


def samples_json(samples: Sequence[Sample]) -> str:
    """What the named query ``unscored`` takes."""
    return SAMPLES.dump_json(tuple(samples)).decode()


def checked(text: str) -> str:
    """The same samples in the form that the query reads; raises InputError for others."""
    try:
        return samples_json(SAMPLES.validate_json(text))
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        raise InputError(f"samples: {details[0]['loc']}: {details[0]['msg']}") from None
