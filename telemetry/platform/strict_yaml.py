"""YAML that users write, read into plain values: every key once, and the line of each.

YAML's own loader takes the last of two equal keys without a word, and an alias lets a few lines
become a document larger than any memory. Both are errors here, and so are tags and merge keys.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

FLOAT_TAG = "tag:yaml.org,2002:float"
MERGE_TAG = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """One document of a file; ``lines`` are those of its keys and items by their dotted path."""

    value: Any
    lines: Mapping[str, int]


class PlainLoader(yaml.SafeLoader):
    """Refuses duplicate keys, anchors, aliases, tags and merge keys."""

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


def parse_yaml(text: str, *, exact: bool = False) -> Iterator[YamlDocument]:
    """Every document; raises YAMLError, ValueError or RecursionError.

    ``exact``: numbers with a point are text, for models that read decimals.
    """
    loader = (ExactLoader if exact else PlainLoader)(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is None:
                break
            lines = {"": node.start_mark.line + 1}
            note_lines(node, "", lines)
            yield YamlDocument(loader.construct_document(node), lines)
    finally:
        loader.dispose()


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
