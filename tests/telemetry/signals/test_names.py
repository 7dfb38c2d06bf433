"""Signal names exist once."""

import re
from pathlib import Path

from framegate.telemetry.offline import signals_page
from framegate.telemetry.signals import definitions, names
from framegate.telemetry.signals.aliases import ALIASES

ROOT = Path(__file__).parents[3]
ROOMS = ("telemetry", "generator", "quality", "slo", "loadtest", "dashboards", "framegate")


# Its lazy imports name modules of the wing quality/video.
PUBLIC_QUALITY = Path("quality/__init__.py")


def test_signal_names_are_written_only_in_names() -> None:
    quoted = re.compile(r"[\"'](?:video|gen_ai)\.[a-z_.]+[\"']")
    strays = [
        f"{path.relative_to(ROOT)}: {match}"
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if path.name not in ("names.py", "aliases.py")  # the second has names of other projects
        and path.relative_to(ROOT) != PUBLIC_QUALITY
        for match in quoted.findall(path.read_text())
    ]
    assert strays == []


def test_queries_use_names_that_exist() -> None:
    known = {value for value in vars(names).values() if isinstance(value, str)}
    used = {
        match
        for path in (ROOT / "telemetry" / "store" / "queries").glob("*.sql")
        for match in re.findall(r"'((?:video|gen_ai)\.[a-z_.]+)'", path.read_text())
    }
    assert used
    assert used <= known


def test_no_metric_is_declared_twice() -> None:
    declared = [metric.name for metric in names.METRICS]
    assert len(declared) == len(set(declared))


def test_every_name_has_a_meaning() -> None:
    """A constant of names.py without a definition would be missing in the reference."""
    defined = {
        *(term.name for term in definitions.ATTRIBUTE_DEFINITIONS),
        *(message.name for message in (*definitions.EVENTS, *definitions.SPANS)),
        *(metric.name for metric in names.METRICS),
    }
    known = {
        value for key, value in vars(names).items() if key.isupper() and isinstance(value, str)
    }
    assert known <= defined


def test_messages_carry_attributes_that_exist() -> None:
    terms = {term.name for term in definitions.ATTRIBUTE_DEFINITIONS}
    for message in (*definitions.EVENTS, *definitions.SPANS):
        assert {*message.required, *message.optional} <= terms


def test_every_alias_is_of_a_name_that_exists() -> None:
    ours = {metric.name for metric in names.METRICS} | {
        term.name for term in definitions.ATTRIBUTE_DEFINITIONS
    }
    assert {alias.name for alias in ALIASES} <= ours


def test_the_signals_page_is_generated_from_the_definitions() -> None:
    page = ROOT / "docs" / "reference" / "signals.md"
    assert page.read_text() == signals_page.render_markdown()
