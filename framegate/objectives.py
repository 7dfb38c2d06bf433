"""The SLO engine beside a collector."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from slo.endpoints import Endpoints
from slo.gauges import SloGauges
from slo.loop import Loop, Source
from slo.reviews import Reviews
from slo.spec import DEFAULT_SPECS
from slo.targets import load_targets
from telemetry.collector import Collector, Resident
from telemetry.errors import InputError
from telemetry.store import Store


def judging(collector: Collector, *, specs: list[Path] | None, notify: Path | None) -> Resident:
    """The loop over the collector's store; a file that is not there raises InputError."""
    paths = specs or [DEFAULT_SPECS]
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise InputError(f"objectives {missing[0]}: there is no such file")
    loop = Loop(
        source_of(collector.store),
        paths,
        collector.store.folder,
        targets=load_targets(notify) if notify else None,
    )
    collector.registry.register(SloGauges(loop))
    routes = [
        *Endpoints(loop, collector.access).routes(),
        *Reviews(loop, collector.access).routes(),
    ]
    return Resident(routes, loop.start, loop.close)


def source_of(store: Store) -> Source:
    """How the engine reads a store, and hears of its commits."""

    def listen(committed: Callable[[str, pa.Table], None]) -> None:
        store.on_rows = committed

    return Source(store.streaming, lambda: store.watermark_ns, listen)
