"""What each extra installs is what its commands import, and a missing one is one line."""

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

from framegate.quality.gate.evidence.archive import Archive
from framegate.telemetry.platform.extras import (
    BASE,
    COMMANDS,
    EXTRAS,
    INCLUDES,
    missing_extra_line,
    modules_of,
    package_of,
)
from tests.quality.gate.made_evidence import THREE, clips, side

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

# The modules whose imports are a command's own, beside what its command module imports in its
# functions. What a command of several parts is asked to use is named by its own line.
PARTS: Mapping[str, tuple[str, ...]] = {
    "quality": (
        "quality.scoring.commands",
        "quality.scoring.explain_commands",
        "quality.worker.commands",
        "quality.worker.drift_commands",
    ),
    "gate": ("gate.commands", "gate.margins.commands", "gate.baseline_commands"),
    "slo": (
        "slo.commands.commands",
        "slo.commands.alert_commands",
        "slo.commands.backtest_commands",
        "slo.commands.gate_commands",
    ),
    "collector": ("local.collector_command",),
    "generator": ("generator.service.commands", "generator.workers.painter"),
    "loadtest": ("loadtest.commands", "loadtest.users"),
    "dashboard": ("dashboards.commands", "dashboards.pages.overview"),
    "clickhouse": ("telemetry.offline.commands",),
}
OF_ANOTHER_EXTRA = {
    "framegate.quality.scoring.verify",  # quality verify
    "framegate.quality.scoring.oracles",
}
FOR_CLIPS = {"framegate.quality.scoring.score_report", "framegate.quality.scoring.task"}
INSTALLED_BY_ANOTHER = {
    "anyio": "starlette",
    "click": "typer",
    "opentelemetry": "opentelemetry.sdk",  # its API
    "multipart": "python_multipart",
}


def source_of(module: str) -> Path | None:
    path = ROOT / "src" / Path(*module.split("."))
    found = [path.with_suffix(".py"), path / "__init__.py"]
    return next((one for one in found if one.is_file()), None)


@cache
def imports_of(module: str) -> tuple[frozenset[str], frozenset[str]]:
    """What a module imports when it is loaded, and what its functions import."""
    path = source_of(module)
    at_once: set[str] = set()
    later: set[str] = set()
    pending: list[tuple[ast.AST, set[str]]] = []
    if path is not None:  # a folder without a file is a package of nothing
        pending.append((ast.parse(path.read_text()), at_once))
    while pending:
        node, into = pending.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                continue
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            into_child = later if inside else into
            into_child.update(names_in(child))
            pending.append((child, into_child))
    return frozenset(at_once), frozenset(later)


def names_in(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (one.name for one in node.names)
    if isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        inner = (f"{node.module}.{one.name}" for one in node.names)
        yield from (one for one in inner if one.startswith("framegate.") and source_of(one))


def packages_imported(modules: set[str]) -> set[str]:
    """Every module from outside that loading these loads."""
    pending = list(modules)
    seen: set[str] = set()
    outside: set[str] = set()
    while pending:
        module = pending.pop()
        if module in seen:
            continue
        seen.add(module)
        if module.split(".")[0] != "framegate":
            outside.add(module)
            continue
        parents = module.split(".")[:-1]
        pending += [".".join(parents[:length]) for length in range(1, len(parents) + 1)]
        pending += imports_of(module)[0]
    return {one for one in outside if one.split(".")[0] not in sys.stdlib_module_names}


def is_brought(module: str, extra: str) -> bool:
    brought = {*BASE, *modules_of(extra)}
    known = {one: one for one in brought} | {
        name: by for name, by in INSTALLED_BY_ANOTHER.items() if by in brought
    }
    return any(f"{module}.".startswith(f"{one}.") for one in known)


@pytest.mark.parametrize("extra", PARTS)
def test_an_extra_brings_what_its_commands_import(extra: str) -> None:
    loaded = {f"framegate.{name}" for name in PARTS[extra]}
    for module in sorted(loaded):
        loaded |= imports_of(module)[1]
    loaded -= OF_ANOTHER_EXTRA
    if extra == "gate":
        loaded -= FOR_CLIPS
    assert [one for one in sorted(packages_imported(loaded)) if not is_brought(one, extra)] == []


@pytest.mark.parametrize("extra", [*EXTRAS, "base"])
def test_the_table_and_the_project_file_say_the_same(extra: str) -> None:
    given = PROJECT["dependencies"] if extra == "base" else PROJECT["optional-dependencies"][extra]
    listed = {one.split(">")[0] for one in given}
    wanted = {package_of(one) for one in (BASE if extra == "base" else EXTRAS[extra])}
    assert listed == wanted | {f"framegate[{one}]" for one in INCLUDES.get(extra, ())}


def test_all_and_dev_hold_every_extra() -> None:
    extras = PROJECT["optional-dependencies"]
    assert extras["all"] == [f"framegate[{','.join(sorted(EXTRAS))}]"]
    assert "framegate[all]" in extras["dev"]
    assert set(COMMANDS.values()) <= {*EXTRAS, "all"}


def test_exact_versions_stand_in_one_file() -> None:
    optional = PROJECT["optional-dependencies"].values()
    given = [*PROJECT["dependencies"], *chain.from_iterable(optional)]
    assert [one for one in given if "==" in one] == []


@pytest.mark.parametrize(
    ("missing", "command", "package", "extra"),
    [
        ("streamlit", "dashboards", "streamlit", "dashboard"),
        ("grpc", "collector", "grpcio", "collector"),
        ("google", "collector", "protobuf", "collector"),
        ("av", "gate run", "av", "quality"),
        ("sqlglot", "gate run", "sqlglot", "slo"),
        ("cv2", "demo", "opencv-python-headless", "all"),
        ("skimage", "quality verify", "scikit-image", "verify"),
        ("ray", "quality batch", "ray", "ray"),
        ("s3fs", "baseline show", "s3fs", "s3"),
    ],
)
def test_the_line_names_the_command_the_package_and_the_extra(
    missing: str, command: str, package: str, extra: str
) -> None:
    line = missing_extra_line(missing, [*command.split(), "--json"])
    assert line == f"framegate {command} needs {package}: pip install 'framegate[{extra}]'"


@pytest.mark.parametrize("missing", ["framegate.quality.gone", "numpy.gone", "fractions", None])
def test_a_module_of_no_extra_is_a_broken_tool(missing: str | None) -> None:
    assert missing_extra_line(missing, ["demo"]) is None


WITHOUT = """
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

ABSENT = set(sys.argv.pop(1).split(","))
sys.meta_path.insert(0, Absent())
from framegate.cli import main
main()
"""


def framegate_without(
    absent: str, *arguments: str, folder: Path
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, absent, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
        env={**os.environ, "COLUMNS": "80"},
    )


def test_recorded_scores_are_gated_and_reported_without_the_other_parts(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path / "kept"))
    for name in ("old", "new"):
        archive.record(replace(side(clips(prompts=20)), name=name), name=name)
    (tmp_path / "gate.yaml").write_text(THREE)
    of_others = {one for name in EXTRAS for one in EXTRAS[name]} - set(modules_of("gate"))
    absent = ",".join({one.split(".")[0] for one in of_others})
    sides = ("--baseline", "kept@old", "--candidate", "kept@new")
    done = framegate_without(
        absent, "gate", "run", *sides, "--policy", "gate.yaml", "--out", "out", folder=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "reports are in out\n")
    done = framegate_without(
        absent, "gate", "report", "out/verdict.json", "page.html", folder=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("absent", "arguments", "line"),
    [
        ("streamlit", "", "dashboards needs streamlit: pip install 'framegate[dashboard]'"),
        ("grpc", "--data store", "collector needs grpcio: pip install 'framegate[collector]'"),
        ("s3fs", "s3://a/b@c", "baseline show needs s3fs: pip install 'framegate[s3]'"),
    ],
)
def test_a_missing_extra_is_one_line_and_exit_2(
    tmp_path: Path, absent: str, arguments: str, line: str
) -> None:
    command = line.partition(" needs ")[0]
    done = framegate_without(absent, *command.split(), *arguments.split(), folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"framegate {line}\n")


def test_a_collector_needs_no_part_that_looks_at_pixels(tmp_path: Path) -> None:
    absent = "torch,av,cv2,streamlit,locust,clickhouse_connect,stamina,pebble,safetensors"
    done = framegate_without(
        absent, "collector", "--data", "store", "--slo", "gone.yaml", folder=tmp_path
    )
    assert "gone.yaml" in done.stderr
    assert done.returncode == 2
