"""Signal names exist once."""

import re
from pathlib import Path

from telemetry import names

ROOT = Path(__file__).parents[2]
ROOMS = ("telemetry", "generator", "quality", "slo", "loadtest", "dashboards", "framegate")


def test_signal_names_are_written_only_in_names() -> None:
    quoted = re.compile(r"[\"'](?:video|gen_ai)\.[a-z_.]+[\"']")
    strays = [
        f"{path.relative_to(ROOT)}: {match}"
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if path.name != "names.py"
        for match in quoted.findall(path.read_text())
    ]
    assert strays == []


def test_queries_use_names_that_exist() -> None:
    known = {value for value in vars(names).values() if isinstance(value, str)}
    used = {
        match
        for path in (ROOT / "telemetry" / "queries").glob("*.sql")
        for match in re.findall(r"'((?:video|gen_ai)\.[a-z_.]+)'", path.read_text())
    }
    assert used
    assert used <= known


def test_no_metric_is_declared_twice() -> None:
    declared = [metric.name for metric in names.METRICS]
    assert len(declared) == len(set(declared))
