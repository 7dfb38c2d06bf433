"""What is installed and whether this machine is fit to run it."""

import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from framegate.telemetry.platform.extras import BASE, EXTRAS, modules_of, package_of
from framegate.telemetry.platform.machine import package_version

PORTS = {
    4317: "collector, OTLP/gRPC",
    4318: "collector, HTTP",
    8080: "generator",
    8501: "dashboards",
}
PROGRAMS = {
    "ffmpeg": ("ffmpeg",),
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
}
LOOPS = (
    "framegate.telemetry.otlp.span_scan",
    "framegate.telemetry.otlp.text_columns",
    "framegate.quality.metrics.ssim",
    "framegate.quality.metrics.ssim_ffmpeg",
    "framegate.quality.metrics.psnr",
)
MAX_CLOCK_SECONDS = 2.0  # between this process and the file system


class CheckLevel(StrEnum):
    OK = "ok"
    NOTE = "note"  # worth knowing; nothing to repair
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at."""

    area: str
    name: str
    level: CheckLevel
    detail: str


def diagnose(folder: Path) -> list[Diagnosis]:
    """Everything, in the order in which it is shown; ``folder`` is where data would be written."""
    return [
        *diagnose_packages(),
        *diagnose_extras(),
        *(diagnose_port(port, used_by) for port, used_by in PORTS.items()),
        diagnose_folder("current folder", folder),
        diagnose_folder("temporary files", Path(tempfile.gettempdir())),
        diagnose_clock(time.time),
        diagnose_loops(),
        *(diagnose_program(name, names) for name, names in PROGRAMS.items()),
    ]


def is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ImportError:  # of a parent
        return False


def diagnose_packages() -> Iterator[Diagnosis]:
    version = ".".join(map(str, sys.version_info[:3]))
    detail = f"{package_version('framegate')}, Python {version}"
    yield Diagnosis("installed", "framegate", CheckLevel.OK, detail)
    if missing := [package_of(one) for one in BASE if not is_installed(one)]:
        detail = f"missing: {', '.join(missing)}"
        yield Diagnosis("installed", "base", CheckLevel.PROBLEM, detail)


def diagnose_extras() -> Iterator[Diagnosis]:
    for extra in EXTRAS:
        missing = [package_of(one) for one in modules_of(extra) if not is_installed(one)]
        if missing:
            detail = f"missing: {', '.join(missing)}; pip install 'framegate[{extra}]'"
            yield Diagnosis("extras", extra, CheckLevel.NOTE, detail)
        else:
            yield Diagnosis("extras", extra, CheckLevel.OK, "installed")


def package_versions() -> Mapping[str, str]:
    """The version of every package of the base and of the extras that is installed."""
    modules = [*BASE, *(module for extra in EXTRAS for module in modules_of(extra))]
    return {
        package_of(one): package_version(package_of(one)) for one in modules if is_installed(one)
    }


def diagnose_port(port: int, used_by: str) -> Diagnosis:
    """Whether a server could listen there; one that runs already is nothing to repair."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        detail = f"{used_by}: {error.strerror or error}"
        return Diagnosis("ports", str(port), CheckLevel.NOTE, detail)
    return Diagnosis("ports", str(port), CheckLevel.OK, f"{used_by}: free")


def diagnose_folder(name: str, folder: Path) -> Diagnosis:
    try:
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        detail = f"{folder}: {error.strerror or error}"
        return Diagnosis("folders", name, CheckLevel.PROBLEM, detail)
    return Diagnosis(
        "folders", name, CheckLevel.OK, f"{folder}: writable, {free / 1e9:.1f} GB free"
    )


def diagnose_clock(clock: Callable[[], float]) -> Diagnosis:
    """The clock against the file system's, and against the time when this file was installed."""
    with tempfile.NamedTemporaryFile() as file:
        apart = clock() - Path(file.name).stat().st_mtime
    if abs(apart) > MAX_CLOCK_SECONDS:
        detail = f"{apart:+.1f} s from the file system's clock"
        return Diagnosis("clock", "time", CheckLevel.PROBLEM, detail)
    if clock() < Path(__file__).stat().st_mtime:
        detail = "earlier than the installation of framegate"
        return Diagnosis("clock", "time", CheckLevel.PROBLEM, detail)
    shown = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(clock()))
    return Diagnosis("clock", "time", CheckLevel.OK, f"{shown} UTC")


def diagnose_loops() -> Diagnosis:
    """Where numba keeps compiled code, and whether it is there already."""
    if not is_installed("numba"):
        return Diagnosis("compiled code", "numba", CheckLevel.OK, "not used by what is installed")
    known = [module for module in LOOPS if all(map(is_installed, imports_of_loops(module)))]
    caches = [cache for module in known for cache in loop_caches(import_module(module))]
    folders = sorted({str(cache.cache_path) for cache in caches if cache.cache_path})
    if not folders:
        detail = "no writable folder: every start compiles; set NUMBA_CACHE_DIR"
        return Diagnosis("compiled code", "numba", CheckLevel.NOTE, detail)
    place = os.path.commonpath(folders)
    empty = [folder for folder in folders if not list(Path(folder).glob("*.nbi"))]
    if empty:
        detail = f"{place}: not complete, the first start compiles; framegate doctor --compile"
        return Diagnosis("compiled code", "numba", CheckLevel.NOTE, detail)
    return Diagnosis("compiled code", "numba", CheckLevel.OK, f"{place}: complete")


def imports_of_loops(module: str) -> Sequence[str]:
    return ("cv2", "scipy") if module.startswith("framegate.quality") else ("pyarrow",)


def loop_caches(module: Any) -> Iterator[Any]:
    for one in vars(module).values():
        if hasattr(one, "py_func") and hasattr(getattr(one, "_cache", None), "cache_path"):
            yield one._cache


def diagnose_program(name: str, names: Sequence[str]) -> Diagnosis:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        return Diagnosis("programs", name, CheckLevel.NOTE, "not found; only tests use it")
    return Diagnosis("programs", name, CheckLevel.OK, found)


def compile_loops(tell: Callable[[str], None]) -> None:
    """Compile what the collector and the scorer need at their first start, as far as installed."""
    if is_installed("opentelemetry.proto") and is_installed("pyarrow"):
        tell("compiling the reading of spans")
        from framegate.telemetry.otlp.span_rows import warm_up_loops

        warm_up_loops()
    if is_installed("cv2") and is_installed("scipy"):
        tell("compiling the metrics")
        import numpy as np

        from framegate.quality.metrics.psnr import psnr
        from framegate.quality.metrics.ssim import ms_ssim_rgb, ssim_luma, ssim_rgb
        from framegate.quality.metrics.ssim_ffmpeg import ssim_ffmpeg

        frame = np.random.default_rng(1).integers(0, 255, (256, 256, 3), np.uint8)
        plane = np.ascontiguousarray(frame[..., 0])
        ssim_rgb(frame, frame)
        ms_ssim_rgb(frame, frame)
        ssim_luma(plane, plane, peak=219.0)
        ssim_ffmpeg([plane], [plane], bits=8)
        psnr([plane], [plane[::-1].copy()], bits=8)
