"""Files that users write, YAML or JSON: checked whole, faults named with line and key.

gate.yaml:5: metrics.ssim_wang_rgb_v1.margn: unknown key; did you mean 'margin'?
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from framegate.telemetry.platform.errors import InputError

MAX_YAML_BYTES = 8 * 2**20
MAX_JSON_BYTES = 256 * 2**20  # verdicts with every clip are written by programs
MAX_VALUE_CHARACTERS = 200
MAX_KEYS_LISTED = 20
FLOAT_TAG = "tag:yaml.org,2002:float"
MERGE_TAG = "tag:yaml.org,2002:merge"


class StrictModel(BaseModel):
    """What a mapping may hold: known keys only."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Model = TypeVar("Model", bound=BaseModel)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """One document of a file; ``lines`` are those of its keys and items by their dotted path."""

    value: Any
    lines: Mapping[str, int]


class PlainLoader(yaml.SafeLoader):
    """Refuses duplicate keys, anchors, aliases, tags and merge keys.

    YAML's own loader takes the last of two equal keys without a word, and an alias lets a few lines
    become a document larger than any memory.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise fault_at(event.start_mark, "anchors and aliases are not supported")
        if getattr(event, "tag", None):
            raise fault_at(event.start_mark, f"the tag {event.tag!r} is not supported")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            if key_node.tag == MERGE_TAG:
                raise fault_at(key_node.start_mark, "merge keys (<<) are not supported")
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str | int | float) and key in seen:
                raise fault_at(key_node.start_mark, f"duplicate key {key!r}")
            if isinstance(key, str | int | float):
                seen.add(key)
        return super().construct_mapping(node, deep)


class ExactLoader(PlainLoader):
    """Reads numbers with a point as text, so that 0.995 stays 0.995."""


ExactLoader.add_constructor(FLOAT_TAG, lambda loader, node: node.value)


def fault_at(mark: yaml.Mark, text: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(None, None, text, mark)


def yaml_document(node: yaml.Node, loader: type[PlainLoader]) -> YamlDocument:
    lines = {"": node.start_mark.line + 1}
    note_lines(node, "", lines)
    return YamlDocument(loader("").construct_document(node), lines)


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


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A key of a document; as text it is ``gate.yaml:5: metrics.ssim_wang_rgb_v1``."""

    source: str
    lines: Mapping[str, int] = field(default_factory=dict, repr=False)
    path: str = ""

    def at(self, *keys: str | int) -> "FilePlace":
        """A key or item below this one; a key may be a dotted path."""
        return replace(self, path=".".join(str(key) for key in (self.path, *keys) if key != ""))

    @property
    def line(self) -> int:
        """The line of the key, or of the nearest one above it."""
        path = self.path
        while "." in path and path not in self.lines:
            path = path.rpartition(".")[0]
        return self.lines.get(path, self.lines.get("", 1))

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}" if self.lines else self.source
        return f"{place}: {self.path}" if self.path else place


def read_text(path: Path, *, limit_bytes: int = MAX_YAML_BYTES) -> str:
    """The whole file; raises InputError naming it."""
    try:
        with path.open("rb") as file:
            data = file.read(limit_bytes + 1)
        if len(data) > limit_bytes:
            raise InputError(f"{path}: is larger than {limit_bytes} bytes")
        return data.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}") from error


def parse_documents(text: str, source: str, *, exact: bool = False) -> list[YamlDocument]:
    """The documents of a YAML or JSON text; raises InputError naming source and line.

    ``exact``: numbers with a point are text, for models that read decimals.
    """
    loader = ExactLoader if exact else PlainLoader
    try:
        return [yaml_document(node, loader) for node in yaml.compose_all(text, loader)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = ", ".join(part for part in (error.context, error.problem) if part)
        raise InputError(f"{source}:{mark.line + 1 if mark else 1}: {reason}") from error
    except RecursionError as error:
        raise InputError(f"{source}: is nested too deeply") from error
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{source}: {error}") from error


def read_model(path: Path, model: type[Model], *, exact: bool = False, empty: Any = None) -> Model:
    """The one document of a file; ``empty`` is what a file without any says.

    Raises InputError naming file, line and key.
    """
    return parse_model(read_text(path), model, source=str(path), exact=exact, empty=empty)


def parse_model(
    text: str, model: type[Model], *, source: str, exact: bool = False, empty: Any = None
) -> Model:
    first, *more = parse_documents(text, source, exact=exact) or [YamlDocument(empty, {"": 1})]
    if more:
        raise InputError(f"{source}:{more[0].lines['']}: a second document; only one is allowed")
    value = empty if first.value is None else first.value
    with faults_at(FilePlace(source, first.lines), model):
        return model.model_validate(value)


def read_json_file(path: Path, kind: TypeAdapter[Value]) -> Value:
    """A JSON file as a value; raises InputError naming file, line and key."""
    text = read_text(path, limit_bytes=MAX_JSON_BYTES)
    try:
        json.loads(text, object_pairs_hook=refuse_duplicates)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}: {error.msg}") from error
    except RecursionError as error:
        raise InputError(f"{path}: is nested too deeply") from error
    except ValueError as error:
        parse_documents(text, str(path))  # names the line of a duplicate key
        raise InputError(f"{path}: {error}") from error
    try:
        return kind.validate_json(text)
    except ValidationError as error:
        place = FilePlace(str(path), json_lines(text))
        raise InputError(describe_fault(error, kind, place)) from error


def refuse_duplicates(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"duplicate key {next(key for key in keys if keys.count(key) > 1)!r}")
    return found


def json_lines(text: str) -> Mapping[str, int]:
    """The lines of a JSON text's keys; none where YAML reads it otherwise."""
    try:
        return parse_documents(text, "")[0].lines if len(text) <= MAX_YAML_BYTES else {}
    except InputError:
        return {}


@contextmanager
def faults_at(place: FilePlace, kind: type[BaseModel]) -> Iterator[None]:
    """What pydantic refuses inside becomes an InputError that names the place."""
    try:
        yield
    except ValidationError as error:
        raise InputError(describe_fault(error, kind, place)) from error


def describe_fault(
    error: ValidationError,
    kind: type[BaseModel] | TypeAdapter[Any],
    place: FilePlace | None = None,
) -> str:
    """The first fault; a misspelt key comes before the missing one that it leaves."""
    first = min(error.errors(), key=lambda item: item["type"] != "extra_forbidden")
    schema = kind.json_schema() if isinstance(kind, TypeAdapter) else kind.model_json_schema()
    known = keys_at(schema, first) if first["loc"] else []
    is_key = first["type"] == "missing" or (known and first["loc"][-1] in known)
    where = written_place(place, first["loc"], is_key=bool(is_key))
    if first["type"] == "extra_forbidden":
        return f"{where}: unknown key{suggest_name(str(first['loc'][-1]), known)}"
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] in ("model_type", "dataclass_type", "mapping_type", "dict_type"):
        reason = "Input should be a mapping of keys to values"
    shown = isinstance(first["input"], str | int | float | bool) and first["type"] != "missing"
    return f"{where}: {reason}" + (f": {first['input']!r}"[:MAX_VALUE_CHARACTERS] if shown else "")


def written_place(
    place: FilePlace | None, location: Sequence[str | int], *, is_key: bool
) -> str | FilePlace:
    """Where a fault is; steps that pydantic adds for the forms of a union are not in the file.

    A key that is not in the file either (it is missing, or a reference brought it) is named.
    """
    if place is None or not place.lines:
        path = ".".join(map(str, location))
        return place.at(path) if place else path or "document"
    for number, part in enumerate(location):
        below = place.at(part)
        if below.path in place.lines or (is_key and number == len(location) - 1):
            place = below
    return place


def keys_at(schema: Mapping[str, Any], fault: Any) -> list[str]:
    """The keys that are known where a fault is, or else anywhere in the schema."""
    definitions = schema.get("$defs", {})
    here = list(plain_schemas(schema, definitions))
    for part in fault["loc"][:-1]:
        below = [schema_below(one, part) for one in here]
        here = [form for one in below for form in plain_schemas(one, definitions)] or here
    return sorted(properties_of(here) or properties_of([schema, *definitions.values()]))


def properties_of(schemas: Iterable[Mapping[str, Any]]) -> set[str]:
    return {key for one in schemas for key in one.get("properties", {})}


def plain_schemas(schema: Any, definitions: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A schema with its references followed and its unions taken apart."""
    if not isinstance(schema, Mapping):
        return
    if "$ref" in schema:
        yield from plain_schemas(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    elif "anyOf" in schema or "oneOf" in schema:
        for form in schema.get("anyOf", schema.get("oneOf", [])):
            yield from plain_schemas(form, definitions)
    else:
        yield schema


def schema_below(schema: Mapping[str, Any], part: str | int) -> Any:
    if isinstance(part, int):
        return schema.get("items")
    return schema.get("properties", {}).get(part, schema.get("additionalProperties"))


def suggest_name(name: str, known: Iterable[str]) -> str:
    """What may have been meant by an unknown name, or else what there is."""
    names = list(known)
    close = get_close_matches(name, names, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    more = ", …" if len(names) > MAX_KEYS_LISTED else ""
    return f"; known: {', '.join(names[:MAX_KEYS_LISTED])}{more}" if names else ""
