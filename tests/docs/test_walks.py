"""The pages that follow one thing through the code name functions that exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "explanation").glob("life-of-*.md"))
PLACE = re.compile(r"`([a-z_/]+\.py)(?::([\w.]+))?`")


def defined_names(path: Path) -> set[str]:
    """Functions, classes and methods of a module, methods as ``Class.method``."""
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef):
            names |= {node.name, *(f"{node.name}.{name}" for name in functions_of(node.body))}
    return names | functions_of(ast.parse(path.read_text()).body)


def functions_of(body: list[ast.stmt]) -> set[str]:
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_there_are_five_walks() -> None:
    assert len(PAGES) == 5


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_function_that_a_walk_names_exists(page: Path) -> None:
    places = PLACE.findall(page.read_text())
    assert len(places) >= 10
    for file, name in places:
        path = ROOT / file
        assert path.is_file(), file
        assert not name or name in defined_names(path), f"{file}:{name}"
