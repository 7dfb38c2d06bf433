"""framegate doctor."""

import json
from pathlib import Path
from typing import Annotated

import typer


def doctor(
    compile_first: Annotated[
        bool, typer.Option("--compile", help="Compile now what a first start would compile.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Check this installation: extras, ports, folders, clock, compiled code, programs.

    Exit 1 when there is a problem. A missing extra or a port in use is a note.
    """
    from framegate.doctor import CheckLevel, compile_loops, diagnose, package_versions

    if compile_first:
        compile_loops(lambda line: typer.echo(line, err=True))
    found = diagnose(Path.cwd())
    if as_json:
        checks = [
            {"area": one.area, "name": one.name, "level": one.level, "detail": one.detail}
            for one in found
        ]
        typer.echo(json.dumps({"checks": checks, "versions": package_versions()}))
    else:
        from framegate.doctor_table import print_diagnoses

        print_diagnoses(found)
    raise typer.Exit(1 if any(one.level is CheckLevel.PROBLEM for one in found) else 0)
