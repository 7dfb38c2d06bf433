"""Options that several commands of the gate take."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
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
Header = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME: VALUE",
        help="Header of every request to the generator, or @FILE with one in each line.",
    ),
]
Fields = Annotated[
    str,
    typer.Option(help="Fields that the generator takes, separated by commas; default: all."),
]
ClipTimeout = Annotated[
    float,
    typer.Option(
        help="Seconds for one clip, from the request to its last byte.", min=1.0, max=86_400.0
    ),
]
Concurrency = Annotated[int, typer.Option(help="Clips made at the same time.", min=1, max=64)]
Processes = Annotated[int, typer.Option(help="Number of scoring processes.", min=1, max=256)]
References = Annotated[Path | None, typer.Option(help="Folder of reference footage.")]


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """What a command is given about the service that makes clips."""

    generator: GeneratorUrl = None
    header: Header = None
    fields: Fields = ""
    clip_timeout: ClipTimeout = 600.0
    concurrency: Concurrency = 1


def takes_service_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the fields of ServiceOptions in place of its parameter ``service``."""
    parameters = list(inspect.signature(command).parameters.values())
    place = next(n for n, one in enumerate(parameters) if one.name == "service")
    options = inspect.signature(ServiceOptions).parameters
    parameters[place : place + 1] = options.values()

    def run(**given: object) -> None:
        service = {name: given.pop(name) for name in options}
        command(**given, service=ServiceOptions(**service))  # type: ignore[arg-type]

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    vars(run)["__signature__"] = inspect.Signature(parameters)
    return run
