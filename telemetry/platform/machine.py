"""What of this machine can change computed values: processor, Python and packages."""

import os
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def machine_attributes(prefix: str, packages: Iterable[str]) -> Mapping[str, str]:
    """Processor and versions, under dotted names that begin with ``prefix``."""
    return {
        f"{prefix}.cpu": processor_name(),
        f"{prefix}.framegate": package_version("framegate"),
        f"{prefix}.python": platform.python_version(),
        f"{prefix}.system": f"{platform.system()} {platform.machine()}",
        **{f"{prefix}.packages.{name}": package_version(name) for name in packages},
    }


def package_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def processor_name() -> str:
    """Model name (Linux) or the platform's name, and the number of threads."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{named[0] if named else platform.processor() or 'unknown'}, {os.cpu_count()} threads"
