"""framegate demo."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    keep: Annotated[bool, typer.Option(help="Stay up until Ctrl-C.")] = False,
    folder: Annotated[Path, typer.Option(help="Where store, clips and logs go.")] = Path(
        "demo-run"
    ),
) -> None:
    """Run everything on this machine: a dozen prompts on two models, scored and judged."""
    from framegate.local.demo import run_demo

    run_demo(folder, keep=keep)
