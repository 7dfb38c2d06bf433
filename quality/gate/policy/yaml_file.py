"""YAML files of the gate: read safely, checked whole, faults named with their line."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from framegate.telemetry.platform.errors import InputError

MOST_BYTES = 4 * 1024 * 1024


class GateModel(BaseModel):
    """What a file may hold: known keys only."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Model = TypeVar("Model", bound=BaseModel)


class Loader(yaml.SafeLoader):
    """Refuses a key that is there twice, of which YAML's own loader takes the last in silence.

    Refuses aliases too: a few lines of them are a document larger than any memory.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not read here", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key!r} is there twice", key_node.start_mark
                )
            if isinstance(key, str):
                seen.add(key)
        return super().construct_mapping(node, deep)


def read_model(path: Path, model: type[Model]) -> Model:
    """The file as a model; raises InputError naming the file, the line and the fault."""
    return parse_model(read_text(path), model, source=str(path))


def read_text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path}: is larger than {MOST_BYTES} bytes")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}") from error


def parse_model(text: str, model: type[Model], *, source: str) -> Model:
    try:
        raw = yaml.load(text, Loader)
        return model.model_validate(raw)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, ValidationError):
            raise InputError(f"{source}{describe_fault(error, text, model)}") from error
        raise InputError(f"{source}: {error}") from error


def describe_fault(error: ValidationError, text: str, model: type[BaseModel]) -> str:
    """The first fault with its line; unknown keys first, with what may have been meant."""
    first = min(error.errors(), key=lambda item: item["type"] != "extra_forbidden")
    path = [str(part) for part in first["loc"]]
    line = line_of(lines_of(text), path)
    place = f":{line}: {'.'.join(path) or 'document'}"
    if first["type"] == "extra_forbidden":
        return f"{place}: unknown key{suggest_name(path[-1], sorted(keys_of(model)))}"
    message = first["msg"].removeprefix("Value error, ")
    value = "" if first["type"] in ("missing", "value_error") else f": {first['input']!r}"
    return f"{place}: {message}{value[:200]}"


def keys_of(model: type[BaseModel]) -> set[str]:
    """Every key of a model and of the models inside it."""
    definitions = model.model_json_schema(by_alias=True)
    inside = [definitions, *definitions.get("$defs", {}).values()]
    return {key for one in inside for key in one.get("properties", {})}


def suggest_name(name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(names)}"


def lines_of(text: str) -> Mapping[str, int]:
    """The line, from 1, of every key and item, under its dotted path."""
    found = {"": 1}
    node = yaml.compose(text, Loader)
    if node is not None:
        note_lines(node, "", found)
    return found


def note_lines(node: yaml.Node, path: str, found: dict[str, int]) -> None:
    prefix = f"{path}." if path else ""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            found[f"{prefix}{key.value}"] = key.start_mark.line + 1
            note_lines(value, f"{prefix}{key.value}", found)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            found[f"{prefix}{index}"] = item.start_mark.line + 1
            note_lines(item, f"{prefix}{index}", found)


def line_of(lines: Mapping[str, int], path: list[str]) -> int:
    """The line of a path, or of the nearest that is there above it."""
    for end in range(len(path), 0, -1):
        if ".".join(path[:end]) in lines:
            return lines[".".join(path[:end])]
    return lines.get("", 1)
