"""What each extra brings along: packages and their size on disk, read from this environment.

``python -m bench.install_size``, in an environment that has ``framegate[all]``. The packages of
an extra are found by their metadata, as pip finds them; sizes are those of the files which their
installation recorded. Code that Python compiled afterwards is not counted.
"""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

PROJECT = "framegate"
MEGABYTE = 10**6
NAME_SEPARATORS = re.compile(r"[-_.]+")


def normal_name(name: str) -> str:
    return NAME_SEPARATORS.sub("-", name).lower()


def requirements(found: Distribution, extras: frozenset[str]) -> Iterator[Requirement]:
    """What a package asks for with these extras, on this platform."""
    for line in found.requires or []:
        wanted = Requirement(line)
        if wanted.marker is None or any(
            wanted.marker.evaluate({"extra": extra}) for extra in extras or {""}
        ):
            yield wanted


def closure(extra: str) -> dict[str, Distribution]:
    """Every package that ``pip install framegate[EXTRA]`` brings, by name."""
    waiting = [(PROJECT, frozenset({extra} if extra else ()))]
    seen: set[tuple[str, frozenset[str]]] = set()
    found: dict[str, Distribution] = {}
    while waiting:
        name, extras = step = waiting.pop()
        if step in seen:
            continue
        seen.add(step)
        found[name] = distribution(name)
        waiting += [
            (normal_name(wanted.name), frozenset(wanted.extras))
            for wanted in requirements(found[name], extras)
        ]
    return found


def size_of(found: Distribution) -> int:
    """Bytes of the files that the installation recorded, without compiled Python code."""
    files = [Path(str(one.locate())) for one in found.files or [] if one.suffix != ".pyc"]
    return sum(path.stat().st_size for path in files if path.is_file())


def main() -> int:
    declared = distribution(PROJECT).metadata.get_all("Provides-Extra") or []
    print(f"{'extra':<12} {'packages':>8} {'MB':>6}  largest")
    for extra in ("", *sorted(set(declared) - {"dev"})):
        try:
            packages = closure(extra)
        except PackageNotFoundError as error:
            print(f"{extra:<12} {error.name} is not installed")
            continue
        sizes = {name: size_of(one) for name, one in packages.items() if name != PROJECT}
        largest = sorted(sizes, key=lambda name: -sizes[name])[:3]
        shown = ", ".join(f"{name} {sizes[name] / MEGABYTE:.0f}" for name in largest)
        total = sum(sizes.values()) / MEGABYTE
        print(f"{extra or '(none)':<12} {len(sizes):>8} {total:>6.0f}  {shown}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
