"""framegate quality."""

from typing import Annotated

import typer

app = typer.Typer(help="Score clips against their references.", no_args_is_help=True)

Reference = Annotated[str, typer.Argument(help="Video to compare with: a path or an http(s) URL.")]
Clip = Annotated[str, typer.Argument(help="Video to score.")]


@app.command()
def score(
    reference: Reference,
    clip: Clip,
    metrics: Annotated[str, typer.Option(help="Metric ids, separated by commas.")] = "",
    lpips_every: Annotated[int, typer.Option(help="LPIPS looks at one frame in n.")] = 8,
    as_json: Annotated[bool, typer.Option("--json", help="Per-frame values, as JSON.")] = False,
) -> None:
    """Score one clip against its reference footage."""
    from quality.scorecard import print_json, print_table, score_with_progress

    ids = [name.strip() for name in metrics.split(",") if name.strip()]
    result = score_with_progress(reference, clip, metrics=ids, lpips_every=lpips_every)
    print_json(result) if as_json else print_table(result)
    raise typer.Exit(0 if all(item.value is not None for item in result.metrics.values()) else 3)


@app.command()
def compare(
    reference: Reference,
    clips: Annotated[list[str], typer.Argument(help="Videos to score, side by side.")],
    metrics: Annotated[str, typer.Option(help="Metric ids, separated by commas.")] = "",
    lpips_every: Annotated[int, typer.Option(help="LPIPS looks at one frame in n.")] = 8,
    as_json: Annotated[bool, typer.Option("--json", help="Per-frame values, as JSON.")] = False,
) -> None:
    """Score several clips against one reference in one pass; the reference is decoded once."""
    from quality.scorecard import compare_with_progress, print_comparison, print_json

    ids = [name.strip() for name in metrics.split(",") if name.strip()]
    found = compare_with_progress(reference, clips, metrics=ids, lpips_every=lpips_every)
    print_json(found) if as_json else print_comparison(found)
    values = [item.value for result in found for item in result.metrics.values()]
    raise typer.Exit(3 if None in values else 0)


@app.command()
def inspect(
    clip: Clip,
    metrics: Annotated[str, typer.Option(help="Metric ids, separated by commas.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Per-frame values, as JSON.")] = False,
) -> None:
    """Score one clip by what it shows of itself, without a reference, and check its file.

    Ends with 1 when the file does not hold what it says.
    """
    from quality.scorecard import inspect_with_progress, print_json, print_table

    ids = [name.strip() for name in metrics.split(",") if name.strip()]
    result = inspect_with_progress(clip, metrics=ids)
    print_json(result) if as_json else print_table(result)
    whole = all(item.value is not None for item in result.metrics.values())
    raise typer.Exit(1 if result.findings else 0 if whole else 3)


@app.command()
def metrics() -> None:
    """List the metrics: id, unit, direction, meaning."""
    from quality.scorecard import print_metrics

    print_metrics()


@app.command()
def verify(
    reference: Reference,
    clip: Clip,
    frames: Annotated[int, typer.Option(help="How many frames to compare.", min=1)] = 5,
) -> None:
    """Hold our SSIM and LPIPS against scikit-image and the lpips package on your own frames."""
    from quality.verify import print_checks, verified

    checks = verified(reference, clip, frames=frames)
    print_checks(checks)
    raise typer.Exit(0 if all(check.agrees for check in checks) else 1)
