"""Options that several commands of the gate take."""

from pathlib import Path
from typing import Annotated

import typer

POLICY_HELP = "Policy file, or a built-in policy: default, no-reference, live, strict."

PolicyOption = Annotated[str | None, typer.Option(help=POLICY_HELP)]
PolicyArgument = Annotated[str, typer.Argument(help=POLICY_HELP)]
SuiteOption = Annotated[
    Path | None, typer.Option(help="YAML file of prompts; default: the built-in 48.")
]
ManifestOption = Annotated[
    Path | None,
    typer.Option(help="Manifest of the folders' clips; default: manifest.csv, .json or .yaml."),
]
NamesOption = Annotated[
    list[str] | None,
    typer.Option(help="How a folder's clips are named: '{prompt}_seed{seed}'; or one per side."),
]
Verdict = Annotated[Path, typer.Argument(help="verdict.json of a run.")]
Out = Annotated[Path, typer.Option(help="Folder for evidence and partial results.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, not a table.")]
GeneratorUrl = Annotated[str | None, typer.Option(help="URL of the service that makes the clips.")]
Concurrency = Annotated[int, typer.Option(help="Clips made at the same time.", min=1, max=64)]
Processes = Annotated[int, typer.Option(help="Number of scoring processes.", min=1, max=256)]
References = Annotated[Path | None, typer.Option(help="Folder of reference footage.")]
