"""framegate completion."""

from enum import StrEnum
from typing import Annotated

import typer

PROGRAM = "framegate"
COMPLETE_VARIABLE = "_FRAMEGATE_COMPLETE"  # the shell's script sets it; Typer derives its name


class ShellName(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[ShellName, typer.Argument(help="bash, zsh or fish.")],
) -> None:
    """Print the completion script of a shell.

    bash: framegate completion bash >> ~/.bashrc

    zsh: framegate completion zsh >> ~/.zshrc, after the line that calls compinit
    """
    from typer._completion_shared import get_completion_script

    typer.echo(
        get_completion_script(prog_name=PROGRAM, complete_var=COMPLETE_VARIABLE, shell=shell.value)
    )
