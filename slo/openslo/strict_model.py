"""Rules for all OpenSLO mappings: known keys, valid names, exactly one of several forms."""

import os
import re

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import StrictModel

HTTP_URL = r"^https?://\S+$"

LABEL_KEY = re.compile(r"[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?")
DNS_NAME = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
ANNOTATION_KEY = re.compile(rf"({DNS_NAME}(\.{DNS_NAME})*/)?{LABEL_KEY.pattern}")


class CamelCaseModel(StrictModel):
    """A mapping with camelCase keys; unknown keys are errors."""

    model_config = ConfigDict(alias_generator=to_camel)


def validate_label_key(text: str) -> str:
    return require_match(LABEL_KEY, text, "at most 63 letters, digits, '-', '.' and '_'")


def validate_annotation_key(text: str) -> str:
    return require_match(
        ANNOTATION_KEY, text, "a label key, optionally after a DNS name and a slash"
    )


def require_match(pattern: re.Pattern[str], text: str, wanted: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"{text!r} must be {wanted}")
    return text


def require_exactly_one(model: CamelCaseModel, *keys: str) -> None:
    require_at_most_one(model, *keys)
    if not present_keys(model, keys):
        raise ValueError(f"needs one of {', '.join(keys)}")


def require_at_most_one(model: CamelCaseModel, *keys: str) -> None:
    if len(present_keys(model, keys)) > 1:
        raise ValueError(f"has {' and '.join(present_keys(model, keys))}, but only one is allowed")


def present_keys(model: CamelCaseModel, keys: tuple[str, ...]) -> list[str]:
    aliases = {field.alias: name for name, field in type(model).model_fields.items()}
    return [key for key in keys if getattr(model, aliases[key]) is not None]


def environment_variable(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise InputError(f"environment variable {name} is not set")
    return value
