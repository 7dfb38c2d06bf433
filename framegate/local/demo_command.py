"""framegate demo."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    keep: Annotated[bool, typer.Option(help="Stay up until Ctrl-C.")] = False,
    seconds: Annotated[
        float | None,
        typer.Option(help="Length of every clip; 1 to 3 s by workload without it.", min=1, max=30),
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where store, clips and logs go.")] = Path(
        "demo-run"
    ),
) -> None:
    """Run everything on this machine: a dozen prompts on two models, scored and judged."""
    from framegate.local.demo import run_demo
    from framegate.local.demo_prompts import clip_seconds

    run_demo(folder, keep=keep, clip_seconds=clip_seconds(seconds))
