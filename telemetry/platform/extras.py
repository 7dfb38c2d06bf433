"""What each extra of the package installs, and the line for a command whose extra is missing."""

from collections.abc import Mapping, Sequence
from itertools import takewhile

BASE = ("httpx", "pydantic", "yaml", "rich", "typer")

# Import names. An extra also holds what the extras in INCLUDES hold.
EXTRAS: Mapping[str, tuple[str, ...]] = {
    "quality": (
        "av",
        "cv2",
        "fsspec",
        "jinja2",
        "numba",
        "numpy",
        "opentelemetry.exporter.otlp.proto.http",
        "opentelemetry.sdk",
        "pebble",
        "prometheus_client",
        "pyarrow",
        "safetensors",
        "scipy",
        "starlette",
        "torch",
        "uvicorn",
    ),
    "collector": (
        "cryptography",
        "google.protobuf",
        "google.rpc",
        "grpc",
        "numba",
        "opentelemetry.proto",
        "opentelemetry.sdk",
        "prometheus_client",
        "starlette",
        "structlog",
        "uvicorn",
    ),
    "slo": (
        "duckdb",
        "jinja2",
        "numpy",
        "orjson",
        "promql_parser",
        "pyarrow",
        "scipy",
        "sqlglot",
    ),
    "gate": (
        "cryptography",
        "fsspec",
        "jinja2",
        "numpy",
        "pyarrow",
        "scipy",
        "stamina",
    ),
    "generator": (
        "av",
        "fsspec",
        "numpy",
        "opentelemetry.exporter.otlp.proto.http",
        "opentelemetry.sdk",
        "orjson",
        "prometheus_client",
        "python_multipart",
        "safetensors",
        "starlette",
        "torch",
        "uvicorn",
    ),
    "loadtest": (
        "gevent",
        "locust",
        "numpy",
        "opentelemetry.exporter.otlp.proto.http",
        "opentelemetry.sdk",
        "prometheus_client",
    ),
    "dashboard": (
        "opentelemetry.exporter.otlp.proto.http",
        "opentelemetry.sdk",
        "prometheus_client",
        "starlette",
        "streamlit",
        "uvicorn",
    ),
    "clickhouse": ("clickhouse_connect",),
    "ray": ("ray",),
    "s3": ("s3fs",),
    "verify": ("lpips", "skimage"),
}
INCLUDES: Mapping[str, tuple[str, ...]] = {
    "collector": ("slo",),
    "dashboard": ("slo",),
    "clickhouse": ("collector",),
    "ray": ("quality",),
    "verify": ("quality",),
    "all": tuple(EXTRAS),
}
PACKAGES: Mapping[str, str] = {
    "cv2": "opencv-python-headless",
    "google.protobuf": "protobuf",
    "google.rpc": "googleapis-common-protos",
    "grpc": "grpcio",
    "skimage": "scikit-image",
    "yaml": "pyyaml",
    "opentelemetry.exporter.otlp.proto.http": "opentelemetry-exporter-otlp-proto-http",
}

# The longest command that begins a command line decides.
COMMANDS: Mapping[tuple[str, ...], str] = {
    ("collector",): "collector",
    ("generator",): "generator",
    ("dashboards",): "dashboard",
    ("demo",): "all",
    ("quality",): "quality",
    ("quality", "verify"): "verify",
    ("gate",): "gate",
    ("baseline",): "gate",
    ("slo",): "slo",
    ("loadtest",): "loadtest",
    ("telemetry",): "collector",
    ("telemetry", "clickhouse"): "clickhouse",
}


def package_of(module: str) -> str:
    """The distribution that brings a module of the tables above."""
    return PACKAGES.get(module, module.replace("_", "-").replace(".", "-"))


def modules_of(extra: str) -> tuple[str, ...]:
    """Every module that an extra brings, those of the extras that it includes among them."""
    nested = (module for inner in INCLUDES.get(extra, ()) for module in modules_of(inner))
    return tuple(dict.fromkeys((*EXTRAS.get(extra, ()), *nested)))


def command_of(arguments: Sequence[str]) -> tuple[str, ...]:
    """The longest known command that a command line begins with; empty for none."""
    found = [tuple(arguments[:length]) for length in (2, 1)]
    return next((words for words in found if words in COMMANDS), ())


def missing_module(error: ImportError) -> str | None:
    """The module that was not found; None when it was found and failed."""
    cause = error if isinstance(error, ModuleNotFoundError) else error.__cause__
    return cause.name if isinstance(cause, ModuleNotFoundError) else None


def missing_extra_line(missing: str | None, arguments: Sequence[str]) -> str | None:
    """What to install when an import of ``missing`` fails; None for a module of no extra.

    A module that the command's own extra does not bring is one of another part that the
    command was asked to use, such as the scorer in ``gate run`` on folders of clips.
    """
    if missing is None:
        return None
    own = COMMANDS.get(command_of(arguments), "all")
    for extra, modules in ((own, modules_of(own)), *EXTRAS.items()):
        module = next((one for one in modules if is_parent(missing, one)), None)
        if module is not None:
            words = " ".join(takewhile(lambda word: not word.startswith("-"), arguments[:2]))
            return f"framegate {words} needs {package_of(module)}: pip install 'framegate[{extra}]'"
    return None


def is_parent(package: str, module: str) -> bool:
    return f"{module}.".startswith(f"{package}.")
