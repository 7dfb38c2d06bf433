"""Options that several commands of framegate slo share."""

from pathlib import Path
from typing import Annotated

import typer

Collector = Annotated[str | None, typer.Option(help="URL of the collector.")]
Specs = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FILE]...", help="OpenSLO files; default: the built-in objectives."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, not a table.")]
