"""The reference page of all signals, as Markdown.

``python -m framegate.telemetry.offline.signals_page`` prints docs/reference/signals.md.
"""

import sys
from collections.abc import Iterable, Iterator

from framegate.telemetry.otlp.rows import EVENT_COLUMNS
from framegate.telemetry.otlp.span_rows import SPAN_COLUMNS
from framegate.telemetry.signals import names
from framegate.telemetry.signals.aliases import ALIASES
from framegate.telemetry.signals.definitions import (
    ATTRIBUTE_DEFINITIONS,
    EVENTS,
    SPANS,
    SignalDefinition,
)
from framegate.telemetry.signals.names import MetricSignal


def render_markdown() -> str:
    """The reference page."""
    return "\n".join(
        [
            *INTRODUCTION,
            *render_section("Events", "Log records that carry an event name.", signal_rows(EVENTS)),
            *render_section("Spans", "Each job is one trace.", signal_rows(SPANS)),
            *render_section("Attributes", "", attribute_rows()),
            *render_section("Metrics", "Metrics carry no ids.", metric_rows()),
            *render_section("Equivalent names elsewhere", "", alias_rows()),
        ]
    )


INTRODUCTION = (
    "# Signals",
    "",
    (
        "Written by `make generate` from `names.py`, `definitions.py` and `aliases.py` "
        "in `telemetry/signals/`."
    ),
    "",
    "Where OpenTelemetry's GenAI conventions define a name, framegate uses it.",
    "All other names begin with `video.`.",
    "To send these signals from another generator, see",
    "[connect your own generator](../how-to/connect-your-own-generator.md).",
    "",
)


def render_section(title: str, sentence: str, rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    head, *rest = rows
    yield from (f"## {title}", "", *((sentence, "") if sentence else ()))
    yield from (
        table_row(head),
        table_row(("---",) * len(head)),
        *(table_row(row) for row in rest),
        "",
    )


def table_row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def signal_rows(messages: Iterable[SignalDefinition]) -> Iterator[tuple[str, ...]]:
    yield ("name", "meaning", "required attributes", "optional attributes")
    for item in messages:
        yield (
            inline_code(item.name),
            item.meaning,
            inline_codes(item.required),
            inline_codes(item.optional),
        )


def attribute_rows() -> Iterator[tuple[str, ...]]:
    columns = {name: column for column, name in SPAN_COLUMNS.items()}
    columns |= {name: column for column, (name, _) in EVENT_COLUMNS.items()}
    yield ("name", "type", "meaning", "column")
    for term in ATTRIBUTE_DEFINITIONS:
        yield (
            inline_code(term.name),
            term.kind,
            term.meaning,
            inline_code(columns.get(term.name, "")),
        )


def metric_rows() -> Iterator[tuple[str, ...]]:
    yield ("name", "instrument", "unit", "meaning")
    for metric in names.METRICS:
        yield (
            inline_code(metric.name),
            metric.instrument,
            inline_code(metric.unit),
            metric_description(metric),
        )


def metric_description(metric: MetricSignal) -> str:
    edges = ", ".join(f"{edge:g}" for edge in metric.buckets)
    return f"{metric.description}." + (f" Bucket boundaries: {edges}." if edges else "")


def alias_rows() -> Iterator[tuple[str, ...]]:
    yield ("framegate", "project", "name there", "difference")
    for alias in ALIASES:
        yield (
            inline_code(alias.name),
            alias.project,
            inline_codes(alias.their_name.split(", ")),
            alias.difference,
        )


def inline_codes(texts: Iterable[str]) -> str:
    return ", ".join(inline_code(text) for text in texts)


def inline_code(text: str) -> str:
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    sys.stdout.write(render_markdown())
