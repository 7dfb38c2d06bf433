"""docs/reference/environment.md names every variable that the code reads, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

ROOT = Path(__file__).parents[2]
ROOMS = ("telemetry", "generator", "quality", "slo", "loadtest", "dashboards", "framegate")
PAGE = ROOT / "docs" / "reference" / "environment.md"
# Read under a name that a user's file gives: tokenEnv, url_env, secret_env, password_env.
NAMED_BY_FILES = {("slo/openslo/fields.py", "name")}
VARIABLE = re.compile(r"(?:FRAMEGATE|OTEL|GITHUB)_[A-Z_]+")


def test_the_page_names_every_variable_that_is_read() -> None:
    trees = {
        path: ast.parse(path.read_text()) for room in ROOMS for path in (ROOT / room).rglob("*.py")
    }
    constants = {name: value for tree in trees.values() for name, value in string_constants(tree)}
    read: set[str] = set()
    for path, tree in trees.items():
        for name in names_read(tree):
            if isinstance(name, ast.Constant):
                read.add(str(name.value))
            elif (str(path.relative_to(ROOT)), ast.unparse(name)) not in NAMED_BY_FILES:
                assert ast.unparse(name) in constants, f"{path}: {ast.unparse(name)}"
                read.add(constants[ast.unparse(name)])
        read |= {text for text in string_literals(tree) if VARIABLE.fullmatch(text)}
    assert read == documented()


def documented() -> set[str]:
    """The first column of the page's tables."""
    return set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE.read_text(), re.MULTILINE))


def names_read(tree: ast.AST) -> Iterator[ast.expr]:
    """The names given to os.environ, os.getenv and typer's envvar."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = ast.unparse(node.func)
            if function in ("os.environ.get", "os.environ.pop", "os.getenv"):
                yield node.args[0]
            yield from (item.value for item in node.keywords if item.arg == "envvar")
        elif is_environment_read(node):
            yield node.slice


def is_environment_read(node: ast.AST) -> TypeGuard[ast.Subscript]:
    """Whether it is os.environ[NAME], and not set here."""
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and ast.unparse(node.value) == "os.environ"
    )


def string_constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The module's constants that are strings: NAME = "value", also several in one line."""
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        targets = target.elts if isinstance(target, ast.Tuple) else [target]
        values = value.elts if isinstance(value, ast.Tuple) else [value]
        for named, given in zip(targets, values, strict=False):
            if isinstance(given, ast.Constant) and isinstance(given.value, str):
                yield ast.unparse(named), given.value


def string_literals(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
