"""Which share of the clips of each workload class and model is scored."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import StrictModel

ANY = "*"


class SamplingRule(StrictModel):
    """A share, 0 to 1, of the clips of one workload class and one model; ``*`` matches all.

    The first rule that matches a clip applies; a clip that matches none is scored.
    Clips are chosen by the hash of their prompt id, or of their job id if they have none: for one
    prompt, the clips of all models are scored or none, so that models can be compared in pairs.
    """

    workload: Annotated[str, Field(min_length=1)]
    model: Annotated[str, Field(min_length=1)]
    share: Annotated[float, Field(ge=0, le=1)]


SAMPLING_RULES = TypeAdapter(Annotated[tuple[SamplingRule, ...], Field(max_length=100)])


def parse_sampling_rules(texts: Sequence[str]) -> tuple[SamplingRule, ...]:
    """Rules such as ``batch=0.1`` or ``*/ref-2=1``; raises InputError naming a bad one."""
    return tuple(parse_sampling_rule(text) for text in texts)


def parse_sampling_rule(text: str) -> SamplingRule:
    which, _, share = text.rpartition("=")
    workload, _, model = which.partition("/")
    try:
        return SamplingRule.model_validate(
            {"workload": workload, "model": model or ANY, "share": share}
        )
    except ValidationError:
        wanted = "WORKLOAD=SHARE or WORKLOAD/MODEL=SHARE with a share from 0 to 1"
        raise InputError(f"sample {text!r}: expected {wanted}") from None


def sampling_rules_json(samples: Sequence[SamplingRule]) -> str:
    """The rules as the parameter ``samples`` of the named query ``unscored``."""
    return SAMPLING_RULES.dump_json(tuple(samples)).decode()


def normalize_sampling_rules(text: str) -> str:
    """The rules in the form that the query reads; raises InputError when they are invalid."""
    try:
        return sampling_rules_json(SAMPLING_RULES.validate_json(text))
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        raise InputError(f"samples: {details[0]['loc']}: {details[0]['msg']}") from None
