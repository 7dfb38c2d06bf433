"""framegate quality worker and batch: many clips, in processes of their own."""

from pathlib import Path
from typing import Annotated

import typer

from framegate.quality.scoring.sampling import LPIPS_EVERY

Processes = Annotated[int, typer.Option(help="Clips to score at once.", min=1)]
RayAddress = Annotated[
    str | None, typer.Option(help="Score on this Ray cluster instead: its address.")
]
ClipSeconds = Annotated[float, typer.Option(help="The longest that one clip may take.", min=1)]
Metrics = Annotated[str, typer.Option(help="Metric ids, separated by commas.")]
NoReferenceMetrics = Annotated[str, typer.Option(help="The same, for clips without a reference.")]


def batch(
    pairs: Annotated[Path, typer.Argument(help="CSV file with the columns clip and reference.")],
    metrics: Metrics = "",
    alone: NoReferenceMetrics = "",
    lpips_every: Annotated[
        int, typer.Option(help="LPIPS takes one frame in n.", min=1)
    ] = LPIPS_EVERY,
    processes: Processes = 1,
    ray: RayAddress = None,
    clip_seconds: ClipSeconds = 1800.0,
) -> None:
    """Score many clips at once; writes one line of JSON for each, in the order of the file.

    Ends with 3 when any metric has no value.
    """
    import sys

    from framegate.quality.metrics.definitions import DEFAULT_METRICS, WITHOUT_REFERENCE
    from framegate.quality.scoring.pools import open_pool
    from framegate.quality.scoring.score_report import progress_bar, split_ids
    from framegate.quality.scoring.task import ScoringTask, check_metric_ids
    from framegate.quality.worker.batch import read_rows, run_batch

    chosen = check_metric_ids(split_ids(metrics) or DEFAULT_METRICS, alone=False)
    by_itself = check_metric_ids(split_ids(alone) or WITHOUT_REFERENCE, alone=True)
    rows = read_rows(pairs)
    tasks = (ScoringTask(row.clip, row.reference, chosen, by_itself, lpips_every) for row in rows)
    with (
        open_pool(ray, size=processes, seconds=clip_seconds) as pool,
        progress_bar("clip", total=len(rows)) as progress,
    ):
        lacking = run_batch(pool, tasks, sys.stdout, progress=progress)
    raise typer.Exit(3 if lacking else 0)


def worker(
    collector: Annotated[str | None, typer.Option(help="URL of the collector.")] = None,
    artifacts: Annotated[Path | None, typer.Option(help="Folder whose files may be read.")] = None,
    remote: Annotated[
        list[str] | None, typer.Option(help="Where else clips may be: s3://bucket/clips.")
    ] = None,
    sample: Annotated[
        list[str] | None, typer.Option(help="Share of a class or model: batch=0.1, */ref-2=1.")
    ] = None,
    metrics: Metrics = "",
    alone: NoReferenceMetrics = "",
    processes: Processes = 1,
    ray: RayAddress = None,
    clip_seconds: ClipSeconds = 1800.0,
    lease_seconds: Annotated[
        float, typer.Option(help="When a dead worker's clips are free.", min=5, max=3600)
    ] = 120.0,
    host: Annotated[str, typer.Option(help="Loopback address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of /healthz, /readyz and /metrics.")] = 8090,
) -> None:
    """Score finished clips as they come, watch the scores, and tell the collector.

    Any number of workers share the clips; none is scored twice.
    """
    from framegate.quality.metrics.definitions import DEFAULT_METRICS, WITHOUT_REFERENCE
    from framegate.quality.scoring.pools import open_pool
    from framegate.quality.scoring.score_report import split_ids
    from framegate.quality.scoring.task import check_metric_ids
    from framegate.quality.video.fetch import ClipSources
    from framegate.quality.worker.drift_watch import DriftWatcher
    from framegate.quality.worker.service import ScorerService, application
    from framegate.quality.worker.worker import ScorerSettings, Worker
    from framegate.telemetry.client.collector_client import CollectorClient
    from framegate.telemetry.platform.listen import listening_socket, serve
    from framegate.telemetry.sdk.sdk import start_telemetry
    from framegate.telemetry.store.sampling import parse_sampling_rules

    settings = ScorerSettings(
        sources=ClipSources(artifacts, tuple(remote or ())),
        samples=parse_sampling_rules(sample or []),
        metrics=check_metric_ids(split_ids(metrics) or DEFAULT_METRICS, alone=False),
        alone=check_metric_ids(split_ids(alone) or WITHOUT_REFERENCE, alone=True),
        lease_seconds=lease_seconds,
    )
    client = CollectorClient(collector)
    listening = listening_socket(host, port)
    with open_pool(ray, size=processes, seconds=clip_seconds) as pool:
        telemetry = start_telemetry("framegate-quality", endpoint=client.url)
        scorer = Worker(client, telemetry, pool, settings)
        service = ScorerService(scorer, DriftWatcher(client, telemetry), telemetry)
        serve(application(service), listening)
