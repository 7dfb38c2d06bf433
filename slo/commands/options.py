"""Options that several verbs of framegate slo have."""

from pathlib import Path
from typing import Annotated

import typer

Collector = Annotated[str | None, typer.Option(help="URL of the collector.")]
Specs = Annotated[
    list[Path] | None, typer.Option("--spec", help="OpenSLO file; again for more. [ours]")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]
