"""Files that users write: what is refused, and how well the fault is named."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, TypeAdapter

from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.platform.strict_file import (
    MAX_YAML_BYTES,
    StrictModel,
    parse_documents,
    parse_model,
    read_json_file,
    read_model,
)


class Circle(StrictModel):
    kind: Literal["circle"]
    radius: Annotated[float, Field(gt=0)]


class Square(StrictModel):
    kind: Literal["square"]
    side: int


class Drawing(StrictModel):
    title: str = "none"
    shapes: tuple[Annotated[Circle | Square, Field(discriminator="kind")], ...] = ()
    named: Mapping[str, Square] = {}


DRAWINGS = TypeAdapter(Drawing)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: a\ntitel: b\n", "f.yaml:2: titel: unknown key; did you mean 'title'?"),
        ("xyz: b\n", "f.yaml:1: xyz: unknown key; known: named, shapes, title"),
        (
            "shapes:\n- kind: circle\n  radis: 1\n",
            "f.yaml:3: shapes.0.radis: unknown key; did you mean 'radius'?",
        ),
        (
            "shapes:\n- {kind: circle, radius: 1}\n- kind: circle\n",
            "f.yaml:3: shapes.1.radius: Field required",
        ),
        (
            "shapes:\n- kind: circle\n  radius: -1\n",
            "f.yaml:3: shapes.0.radius: Input should be greater than 0: -1",
        ),
        (
            "named:\n  a:\n    kind: square\n    sde: 1\n",
            "f.yaml:4: named.a.sde: unknown key; did you mean 'side'?",
        ),
        ("named:\n  a: 1\n", "f.yaml:2: named.a: Input should be a mapping of keys to values: 1"),
        ("- 1\n", "f.yaml:1: Input should be a mapping of keys to values"),
        ("", "f.yaml:1: Input should be a mapping of keys to values"),
        ("title: a\n---\ntitle: b\n", "f.yaml:3: a second document; only one is allowed"),
        ("title: a\n\ntitle: b\n", "f.yaml:3: duplicate key 'title'"),
        ("named: {a: {}, a: {}}\n", "f.yaml:1: duplicate key 'a'"),
        ("title: &a x\n", "f.yaml:1: anchors and aliases are not supported"),
        ("title: a\nnamed: *a\n", "f.yaml:2: anchors and aliases are not supported"),
        ("title: !x a\n", "f.yaml:1: the tag '!x' is not supported"),
        ("named: {<<: {}}\n", "f.yaml:1: merge keys (<<) are not supported"),
        ("[" * 20_000, "f.yaml: is nested too deeply"),
        ("title: 2026-13-45\n", "f.yaml: month must be in 1..12"),
        ("title: [a\n", "f.yaml:2: while parsing a flow sequence, expected ',' or ']', but got"),
    ],
)
def test_a_fault_is_named_with_its_line_and_key(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_model(text, Drawing, source="f.yaml")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"title": "a",\n"titel": "b"}', ":2: titel: unknown key; did you mean 'title'?"),
        ('{"title": "a",\n"title": "b"}', ":2: duplicate key 'title'"),
        ('{"title": "a",\n"shapes": [{"kind": "square"}]}', ":2: shapes.0.side: Field required"),
        ('{"title": "a",\n', ":2: Expecting property name enclosed in double quotes"),
        ("[" * 200_000, ": is nested too deeply"),
    ],
)
def test_json_is_read_as_strictly(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "f.json"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_json_file(path, DRAWINGS)
    assert str(caught.value).startswith(f"{path}{message}")


def test_a_file_is_named_that_is_missing_too_large_or_no_text(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    for data, message in (
        (None, "No such file"),
        (b"\xff", "utf-8"),
        (b" " * (MAX_YAML_BYTES + 1), "larger than"),
    ):
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(InputError, match=message) as caught:
            read_model(path, Drawing)
        assert str(path) in str(caught.value)


def test_an_empty_file_says_what_its_reader_lets_it_say(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text("# nothing yet\n")
    assert read_model(path, Drawing, empty={}) == Drawing()


def test_numbers_stay_as_they_are_written() -> None:
    (plain,) = parse_documents("a: 0.995", "f")
    (exact,) = parse_documents("a: 0.995", "f", exact=True)
    assert (plain.value, exact.value) == ({"a": 0.995}, {"a": "0.995"})
