"""What all of OpenSLO's mappings have in common: known keys, names, one form of several."""

import os
import re

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from framegate.telemetry.platform.errors import InputError

HTTP_URL = r"^https?://\S+$"

LABEL_KEY = re.compile(r"[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?")
DNS_NAME = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
ANNOTATION_KEY = re.compile(rf"({DNS_NAME}(\.{DNS_NAME})*/)?{LABEL_KEY.pattern}")


class Strict(BaseModel):
    """A mapping whose keys are camelCase and all known."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


def label_key(text: str) -> str:
    return matching(LABEL_KEY, text, "letters, digits, '-', '.' and '_', at most 63")


def annotation_key(text: str) -> str:
    return matching(ANNOTATION_KEY, text, "a DNS name and a slash, or nothing, and a label's key")


def matching(pattern: re.Pattern[str], text: str, wanted: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"{text!r} is not {wanted}")
    return text


def exactly_one(model: Strict, *keys: str) -> None:
    at_most_one(model, *keys)
    if not given(model, keys):
        raise ValueError(f"needs one of {', '.join(keys)}")


def at_most_one(model: Strict, *keys: str) -> None:
    if len(given(model, keys)) > 1:
        raise ValueError(f"has {' and '.join(given(model, keys))}; it must be one of them")


def given(model: Strict, keys: tuple[str, ...]) -> list[str]:
    aliases = {field.alias: name for name, field in type(model).model_fields.items()}
    return [key for key in keys if getattr(model, aliases[key]) is not None]


def fault(error: ValidationError) -> str:
    """The first fault, a misspelt key before the missing one it leaves: place, reason, value."""
    first = min(error.errors(), key=lambda item: item["type"] != "extra_forbidden")
    place = ".".join(str(part) for part in first["loc"]) or "document"
    reason = first["msg"].removeprefix("Value error, ")
    shown = isinstance(first["input"], str | int | float | bool) and first["type"] != "missing"
    return f"{place}: {reason}" + (f": {first['input']!r}" if shown else "")


def environment(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise InputError(f"the variable {name} is not set")
    return value
