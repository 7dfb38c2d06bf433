"""How the house is built: modules, import arrows and floors of every room; names that stand twice.

``python -m bench.house [FOLDER]`` prints a table for a checkout (this one by default). An arrow
is a module that imports another one of the same room; a floor is a step of the longest chain of
arrows. For wings (folders of a room) the same is said of the folders.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from functools import cache
from pathlib import Path

ROOMS = ("telemetry", "generator", "quality", "slo", "loadtest", "dashboards", "framegate")
PACKAGE = "framegate"

Arrows = Mapping[str, Set[str]]


def modules_of(folder: Path, room: str) -> dict[str, Path]:
    """The room's modules by their dotted names, as they are below ``folder``."""
    return {
        ".".join(path.relative_to(folder).with_suffix("").parts): path
        for path in sorted((folder / room).rglob("*.py"))
        if path.name != "__init__.py" and not any(part.is_symlink() for part in path.parents)
    }


def imported_names(tree: ast.Module) -> Iterator[str]:
    """Every dotted name that a module may import, at its top or inside a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def arrows_of(modules: Mapping[str, Path]) -> Arrows:
    found: dict[str, set[str]] = {}
    for name, path in modules.items():
        asked = {
            target.removeprefix(f"{PACKAGE}.") if target not in modules else target
            for target in imported_names(ast.parse(path.read_text()))
        }
        found[name] = (asked & modules.keys()) - {name}
    return found


def between_folders(arrows: Arrows) -> Arrows:
    """The arrows of modules as arrows of the folders that hold them."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, targets in arrows.items():
        own = name.rpartition(".")[0]
        found[own] |= {target.rpartition(".")[0] for target in targets} - {own}
    return found


def floors_of(arrows: Arrows) -> int:
    """Modules on the longest chain; raises ValueError where arrows run in a circle."""
    waiting: list[str] = []

    @cache
    def height(name: str) -> int:
        if name in waiting:
            raise ValueError(f"a circle of imports: {' -> '.join([*waiting, name])}")
        waiting.append(name)
        above = max((height(target) for target in arrows.get(name, ())), default=0)
        waiting.pop()
        return 1 + above

    return max(map(height, arrows), default=0)


def floors_text(arrows: Arrows) -> str:
    try:
        return str(floors_of(arrows))
    except ValueError:
        return "circle"


def class_places(folder: Path) -> Mapping[str, list[str]]:
    places: dict[str, list[str]] = defaultdict(list)
    for room in ROOMS:
        for name, path in modules_of(folder, room).items():
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef):
                    places[node.name].append(name)
    return places


def main(folder: Path) -> None:
    print("| room | modules | arrows | floors | folders | arrows of folders | floors | largest |")
    print("|---|---|---|---|---|---|---|---|")
    for room in ROOMS:
        modules = modules_of(folder, room)
        arrows = arrows_of(modules)
        folders = between_folders(arrows)
        sizes: dict[str, int] = defaultdict(int)
        for name in modules:
            sizes[name.rpartition(".")[0]] += 1
        count = sum(map(len, arrows.values()))
        of_folders = sum(map(len, folders.values()))
        print(
            f"| {room} | {len(modules)} | {count} | {floors_text(arrows)} | {len(folders)} | "
            f"{of_folders} | {floors_text(folders)} | {max(sizes.values(), default=0)} |"
        )
    places = class_places(folder)
    twice = {name: found for name, found in places.items() if len(found) > 1}
    print(f"\nclasses: {len(places)} names, {len(twice)} declared in two or more modules")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1])
