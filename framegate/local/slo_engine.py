"""The SLO engine beside a collector."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from framegate.slo.alerting.targets import load_targets
from framegate.slo.objectives.summary import DEFAULT_SPECS
from framegate.slo.service.endpoints import SloEndpoints
from framegate.slo.service.engine import SloEngine, StoreSource
from framegate.slo.service.gauges import SloGauges
from framegate.slo.service.reviews import ReviewEndpoints
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.server.collector import Collector, CollectorExtension
from framegate.telemetry.store.store import Store


def slo_service(
    collector: Collector, *, specs: list[Path] | None, notify: Path | None
) -> CollectorExtension:
    """The loop over the collector's store; a file that is not there raises InputError."""
    paths = specs or [DEFAULT_SPECS]
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise InputError(f"objectives {missing[0]}: there is no such file")
    loop = SloEngine(
        source_of(collector.store),
        paths,
        collector.store.folder,
        targets=load_targets(notify) if notify else None,
    )
    collector.registry.register(SloGauges(loop))
    routes = [
        *SloEndpoints(loop, collector.access).routes(),
        *ReviewEndpoints(loop, collector.access).routes(),
    ]
    return CollectorExtension(routes, loop.start, loop.close)


def source_of(store: Store) -> StoreSource:
    """How one engine reads a store and follows its commits.

    An engine listens anew whenever it starts counting again; its previous listener then ends.
    """
    stop_listening = do_nothing

    def listen(record_rows: Callable[[str, pa.Table], None]) -> None:
        nonlocal stop_listening
        stop_listening()
        stop_listening = store.committed_rows.add(record_rows)

    return StoreSource(store.stream_rows, lambda: store.watermark_ns, listen)


def do_nothing() -> None:
    """No listener has been added yet."""
