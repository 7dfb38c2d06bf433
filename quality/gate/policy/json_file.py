"""JSON files of the gate: checked whole, faults named with their place."""

from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from framegate.telemetry.platform.errors import InputError

Value = TypeVar("Value")


def read_json(path: Path, kind: TypeAdapter[Value]) -> Value:
    """Raises InputError naming the file, the place and what is wrong there."""
    try:
        return kind.validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "document"
        raise InputError(f"{path}: {place}: {first['msg']}") from error
