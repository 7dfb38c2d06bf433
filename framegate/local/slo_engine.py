"""The SLO engine beside a collector."""

from pathlib import Path

from framegate.slo.alerting.targets import load_targets
from framegate.slo.objectives.summary import DEFAULT_SPECS
from framegate.slo.service.endpoints import SloEndpoints
from framegate.slo.service.engine import SloEngine
from framegate.slo.service.gauges import SloGauges
from framegate.slo.service.reviews import ReviewEndpoints
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.server.collector import Collector, CollectorExtension


def slo_service(
    collector: Collector, *, specs: list[Path] | None, notify: Path | None
) -> CollectorExtension:
    """The loop over the collector's store; a file that is not there raises InputError."""
    paths = specs or [DEFAULT_SPECS]
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise InputError(f"objectives {missing[0]}: there is no such file")
    loop = SloEngine(
        collector.store,
        paths,
        targets=load_targets(notify) if notify else None,
    )
    collector.registry.register(SloGauges(loop))
    routes = [
        *SloEndpoints(loop, collector.access).routes(),
        *ReviewEndpoints(loop, collector.access).routes(),
    ]
    return CollectorExtension(routes, loop.start, loop.close)
