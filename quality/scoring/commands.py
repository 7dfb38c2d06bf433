"""framegate quality: score, compare, inspect, metrics, verify."""

from pathlib import Path
from typing import Annotated

import typer

from framegate.quality.scoring.sampling import LPIPS_EVERY

Reference = Annotated[str, typer.Argument(help="Video to compare with: a path or an http(s) URL.")]
Clip = Annotated[str, typer.Argument(help="Video to score.")]
Metrics = Annotated[str, typer.Option(help="Metric ids, separated by commas.")]
LpipsEvery = Annotated[int, typer.Option(help="Compute LPIPS on one frame in n.")]
FramesFile = Annotated[
    Path | None, typer.Option(help="Write per-frame values to this .csv or .parquet file.")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON document with all per-frame values.")
]


def score(
    reference: Reference,
    clip: Clip,
    metrics: Metrics = "",
    lpips_every: LpipsEvery = LPIPS_EVERY,
    frames: FramesFile = None,
    as_json: AsJson = False,
) -> None:
    """Score one clip against its reference footage; exits with 3 when a metric has no value."""
    from framegate.quality.scoring.score_report import exit_code, print_scores, score_with_progress

    found = score_with_progress(
        reference, [clip], metrics=metrics, lpips_every=lpips_every, frames=frames
    )
    print_scores(found[0], as_json=as_json)
    raise typer.Exit(exit_code(found))


def compare(
    reference: Reference,
    clips: Annotated[list[str], typer.Argument(help="Videos to score.")],
    metrics: Metrics = "",
    lpips_every: LpipsEvery = LPIPS_EVERY,
    frames: FramesFile = None,
    as_json: AsJson = False,
) -> None:
    """Score several clips against one reference in one pass; the reference is decoded once."""
    from framegate.quality.scoring.score_report import exit_code, print_scores, score_with_progress

    found = score_with_progress(
        reference, clips, metrics=metrics, lpips_every=lpips_every, frames=frames
    )
    print_scores(found, as_json=as_json)
    raise typer.Exit(exit_code(found))


def inspect(
    clip: Clip, metrics: Metrics = "", frames: FramesFile = None, as_json: AsJson = False
) -> None:
    """Score one clip with metrics that need no reference, and check its file.

    Exits with 1 when the file has findings, for example missing frames; with 3 when a metric has no
    value.
    """
    from framegate.quality.scoring.score_report import (
        exit_code,
        inspect_with_progress,
        print_scores,
    )

    found = inspect_with_progress(clip, metrics=metrics, frames=frames)
    print_scores(found, as_json=as_json)
    raise typer.Exit(1 if found.findings else exit_code([found]))


def metrics() -> None:
    """List the metrics: id, unit, direction, meaning."""
    from framegate.quality.scoring.score_report import print_metrics

    print_metrics()


def verify(
    reference: Reference,
    clip: Clip,
    frames: Annotated[int, typer.Option(help="How many frames to compare.", min=1)] = 5,
) -> None:
    """Compare our SSIM and LPIPS with scikit-image and the lpips package on your own frames.

    Exits with 1 when a value differs by more than the tolerance.
    """
    from framegate.quality.scoring.verify import print_comparisons, verify_frames

    checks = verify_frames(reference, clip, frames=frames)
    print_comparisons(checks)
    raise typer.Exit(0 if all(check.agrees for check in checks) else 1)
