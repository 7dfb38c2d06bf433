"""framegate quality explain and explain-job."""

from pathlib import Path
from typing import Annotated

import typer

from framegate.quality.scoring.sampling import LPIPS_EVERY

Output = Annotated[Path, typer.Option(help="HTML file to write.")]
Metrics = Annotated[str, typer.Option(help="Metric ids, separated by commas.")]
LpipsEvery = Annotated[int, typer.Option(help="Compute LPIPS on one frame in n.", min=1)]


def explain(
    reference: Annotated[str, typer.Argument(help="Video to compare with: a path or a URL.")],
    clip: Annotated[str, typer.Argument(help="Video to score.")],
    output: Output = Path("explain.html"),
    metrics: Metrics = "",
    lpips_every: LpipsEvery = LPIPS_EVERY,
) -> None:
    """Explain a score: one HTML file with timelines, the worst frames, maps of the differences."""
    from framegate.quality.scoring.explain import write_report
    from framegate.quality.scoring.score_report import exit_code, print_scores, score_with_progress

    found = score_with_progress(
        reference, [clip], metrics=metrics, lpips_every=lpips_every, frames=None
    )
    write_report(found[0], output)
    print_scores(found[0], as_json=False)
    raise typer.Exit(exit_code(found))


def explain_job(
    job: Annotated[str, typer.Argument(help="Id of a job in the collector.")],
    collector: Annotated[str | None, typer.Option(help="URL of the collector.")] = None,
    artifacts: Annotated[
        Path | None, typer.Option(help="Folder that clips may be read from.")
    ] = None,
    remote: Annotated[
        list[str] | None,
        typer.Option(
            help="Another location that clips may be read from, such as s3://bucket/clips."
        ),
    ] = None,
    output: Output = Path("explain.html"),
    metrics: Metrics = "",
    lpips_every: LpipsEvery = LPIPS_EVERY,
) -> None:
    """Explain the score of a job's clip, with its prompt, seed, model and trace."""
    from framegate.quality.scoring.explain import write_report
    from framegate.quality.scoring.job_clip import files_of, job_by_id, provenance
    from framegate.quality.scoring.score_report import exit_code, print_scores, score_with_progress
    from framegate.quality.video.fetch import ClipSources
    from framegate.telemetry.client.collector_client import CollectorClient

    with CollectorClient(collector) as client:
        made_by = job_by_id(client, job)
    with files_of(made_by, ClipSources(artifacts, tuple(remote or ()))) as (reference, clip):
        found = score_with_progress(
            str(reference), [str(clip)], metrics=metrics, lpips_every=lpips_every, frames=None
        )
        write_report(found[0], output, provenance(made_by))
    print_scores(found[0], as_json=False)
    raise typer.Exit(exit_code(found))
