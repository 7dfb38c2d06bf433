"""What a gate tolerates: a YAML file, checked whole before anything is judged."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from quality.metrics import METRICS
from telemetry.errors import InputError

DEFAULT_POLICY = Path(__file__).parent / "policies" / "default.yaml"


class Rule(BaseModel):
    """How much worse, in the metric's own unit, still passes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    margin: Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Policy(BaseModel):
    """``unmatched_share`` is the share of prompts that may lack a score on either side."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    minimum_prompts: Annotated[int, Field(ge=2)]
    unmatched_share: Annotated[float, Field(ge=0, le=1)]
    metrics: Mapping[str, Rule]


def load_policy(path: Path = DEFAULT_POLICY) -> Policy:
    """Read a policy; raises InputError naming the file, the key and the value that is wrong."""
    try:
        raw = yaml.safe_load(path.read_text())
        policy = Policy.model_validate(raw)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: {error}") from error
    except ValidationError as error:
        raise InputError(f"{path}: {fault(error)}") from error
    unknown = [name for name in policy.metrics if name not in METRICS]
    if unknown:
        raise InputError(f"{path}: metrics: {unknown[0]!r} is unknown{meant(unknown[0], METRICS)}")
    return policy


def fault(error: ValidationError) -> str:
    first = min(error.errors(), key=lambda item: item["type"] != "extra_forbidden")
    place = ".".join(str(part) for part in first["loc"]) or "document"
    if first["type"] == "extra_forbidden":
        keys = [*Policy.model_fields, *Rule.model_fields]
        return f"{place}: unknown key{meant(str(first['loc'][-1]), keys)}"
    value = "" if first["type"] == "missing" else f": {first['input']!r}"
    return f"{place}: {first['msg']}{value}"


def meant(name: str, known: Mapping[str, object] | list[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"
