"""framegate quality worker and batch: many clips, each scored in a process of its own."""

from pathlib import Path
from typing import Annotated

import typer

from framegate.quality.scoring.sampling import LPIPS_EVERY

Processes = Annotated[int, typer.Option(help="Clips to score at the same time.", min=1)]
RayAddress = Annotated[
    str | None, typer.Option(help="Address of a Ray cluster to score on instead.")
]
ClipSeconds = Annotated[float, typer.Option(help="Time limit for one clip, in seconds.", min=1)]
Metrics = Annotated[str, typer.Option(help="Metric ids, separated by commas.")]
NoReferenceMetrics = Annotated[
    str, typer.Option(help="Metric ids for clips without a reference, separated by commas.")
]


def batch(
    pairs: Annotated[Path, typer.Argument(help="CSV file with the columns clip and reference.")],
    metrics: Metrics = "",
    no_reference_metrics: NoReferenceMetrics = "",
    lpips_every: Annotated[
        int, typer.Option(help="Compute LPIPS on one frame in n.", min=1)
    ] = LPIPS_EVERY,
    processes: Processes = 1,
    ray: RayAddress = None,
    clip_seconds: ClipSeconds = 1800.0,
) -> None:
    """Score the clips of a table; writes one line of JSON per clip, in the order of the table.

    Exits with 3 when a metric has no value.
    """
    import sys

    from framegate.quality.metrics.definitions import DEFAULT_METRICS, WITHOUT_REFERENCE
    from framegate.quality.scoring.pools import open_pool
    from framegate.quality.scoring.score_report import progress_bar, split_ids
    from framegate.quality.scoring.task import ScoringTask, check_metric_ids, check_no_reference_ids
    from framegate.quality.worker.batch import read_rows, run_batch

    chosen = check_metric_ids(split_ids(metrics) or DEFAULT_METRICS)
    no_reference = check_no_reference_ids(split_ids(no_reference_metrics) or WITHOUT_REFERENCE)
    rows = read_rows(pairs)
    tasks = (
        ScoringTask(row.clip, row.reference, chosen, no_reference, lpips_every) for row in rows
    )
    with (
        open_pool(ray, size=processes, seconds=clip_seconds) as pool,
        progress_bar("clip", total=len(rows)) as progress,
    ):
        lacking = run_batch(pool, tasks, sys.stdout, progress=progress)
    raise typer.Exit(3 if lacking else 0)


def worker(
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
    sample: Annotated[
        list[str] | None,
        typer.Option(help="Share of a workload or model to score: batch=0.1, */ref-2=1."),
    ] = None,
    metrics: Metrics = "",
    no_reference_metrics: NoReferenceMetrics = "",
    processes: Processes = 1,
    ray: RayAddress = None,
    clip_seconds: ClipSeconds = 1800.0,
    lease_seconds: Annotated[
        float,
        typer.Option(
            help="Seconds until others take over the clips of a worker that died.", min=5, max=3600
        ),
    ] = 120.0,
    host: Annotated[str, typer.Option(help="Loopback address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of /healthz, /readyz and /metrics.")] = 8090,
) -> None:
    """Score finished clips of a service, detect drift, and report both to the collector.

    Any number of workers can share the clips; none is scored twice.
    """
    from framegate.quality.metrics.definitions import DEFAULT_METRICS, WITHOUT_REFERENCE
    from framegate.quality.scoring.pools import open_pool
    from framegate.quality.scoring.score_report import split_ids
    from framegate.quality.scoring.task import check_metric_ids, check_no_reference_ids
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
        metrics=check_metric_ids(split_ids(metrics) or DEFAULT_METRICS),
        no_reference_metrics=check_no_reference_ids(
            split_ids(no_reference_metrics) or WITHOUT_REFERENCE
        ),
        lease_seconds=lease_seconds,
    )
    client = CollectorClient(collector)
    listening = listening_socket(host, port)
    with open_pool(ray, size=processes, seconds=clip_seconds) as pool:
        telemetry = start_telemetry("framegate-quality", endpoint=client.url)
        scorer = Worker(client, telemetry, pool, settings)
        service = ScorerService(scorer, DriftWatcher(client, telemetry), telemetry)
        serve(application(service), listening)
