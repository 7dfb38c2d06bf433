"""framegate quality drift: which scores got worse over time."""

from typing import Annotated

import typer


def drift(
    collector: Annotated[str | None, typer.Option(help="URL of the collector.")] = None,
    days: Annotated[float, typer.Option(help="Days to look back.", min=0)] = 28.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show which model's scores got worse over time, since when and by how much.

    Exits with 1 when a model's scores got worse, with 3 when there are no scores.
    """
    import time

    from framegate.quality.worker.drift import DriftMonitor
    from framegate.quality.worker.drift_table import print_json, print_table
    from framegate.telemetry.client.collector_client import CollectorClient
    from framegate.telemetry.platform.clock import DAY_NS

    since_ns = max(0, time.time_ns() - int(days * DAY_NS))
    watch = DriftMonitor()
    with CollectorClient(collector) as client:
        watch.add(client.scores(since_ns=since_ns))
    (print_json if as_json else print_table)(watch)
    changed = any(series.changes for series in watch.detectors.values())
    raise typer.Exit(3 if not watch.detectors else int(changed))
