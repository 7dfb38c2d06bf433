"""Prometheus metrics of objectives, budgets and alerts."""

from collections.abc import Callable, Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from framegate.slo.judging.status import SloState, SloStatus
from framegate.slo.service.engine import SloEngine

NAN = float("nan")
LABELS = ("slo", "service")
PREFIX = "framegate_slo"

StatusValue = Callable[[SloStatus], float | None]

# Without data a value is NaN, never 0 and never 1.
STATUS_GAUGES: tuple[tuple[str, str, StatusValue], ...] = (
    ("objective_ratio", "Target of the objective", lambda item: float(item.target)),
    (
        "sli_ratio",
        "Share of good events in the window (SLI); NaN without traffic",
        lambda item: item.ratio,
    ),
    (
        "error_budget_remaining_ratio",
        "Share of the window's error budget that is left; below 0 when overspent",
        lambda item: item.budget_left,
    ),
    (
        "coverage_ratio",
        "Share of the window's minutes in which the sources sent data",
        lambda item: item.coverage,
    ),
    ("good_events", "Good events in the window", lambda item: item.counts.good),
    ("bad_events", "Bad events in the window", lambda item: item.counts.bad),
    (
        "open_events",
        "Pending events in the window: neither good nor bad yet",
        lambda item: item.counts.unscored,
    ),
)
BURN_RATE_WINDOWS: tuple[tuple[str, StatusValue], ...] = (
    ("5m", lambda item: item.burn_5m),
    ("1h", lambda item: item.burn_1h),
    ("6h", lambda item: item.burn_6h),
)


class SloGauges(Collector):
    """Metrics of the engine's last evaluation."""

    def __init__(self, loop: SloEngine) -> None:
        self._loop = loop

    def collect(self) -> Iterable[Metric]:
        view = self._loop.snapshot
        for name, text, value in STATUS_GAUGES:
            family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=LABELS)
            for item in view.statuses:
                family.add_metric(status_labels(item), nan_for_none(value(item)))
            yield family
        yield self._events()
        yield burn_rate_family(view.statuses)
        yield state_family(view.statuses)
        yield self._alerts()
        yield gauge_family("spec_faults", "Files of objectives that are invalid", len(view.faults))
        yield gauge_family(
            "unread_servers", "Prometheus servers that do not answer", len(view.unread)
        )
        yield gauge_family(
            "trouble", "1 while objectives cannot be evaluated", float(bool(view.trouble))
        )
        yield gauge_family(
            "last_look_seconds", "Unix time of the last evaluation", view.looked_ns / 1e9
        )
        jobs, size_bytes = self._loop.memory_use
        yield gauge_family("jobs", "Jobs kept in memory", jobs)
        yield gauge_family("series_bytes", "Bytes of the counts by minute", size_bytes)
        deliverer = self._loop.deliverer
        waiting = self._loop.journal.undelivered_count()
        yield gauge_family(
            "deliveries_waiting", "Notifications that are not delivered yet", waiting
        )
        yield counter_family("deliveries", "Notifications that were delivered", deliverer.sent)
        yield counter_family(
            "delivery_failures", "Delivery attempts that failed", deliverer.failures
        )

    def _events(self) -> Metric:
        """Events by verdict since the start; a changed verdict counts again."""
        labels = (*LABELS, "verdict")
        text = "Events by verdict since the start"
        family = CounterMetricFamily(f"{PREFIX}_events", text, labels=labels)
        for item, (good, bad) in self._loop.verdict_totals():
            family.add_metric((*status_labels(item), "good"), good)
            family.add_metric((*status_labels(item), "bad"), bad)
        return family

    def _alerts(self) -> Metric:
        labels = (*LABELS, "condition", "severity", "phase")
        family = GaugeMetricFamily(f"{PREFIX}_alerts", "Alerts by phase", labels=labels)
        counted: dict[tuple[str, ...], int] = {}
        for alert in self._loop.snapshot.alerts:
            key: tuple[str, ...] = (
                alert.key.objective,
                alert.labels["service"],
                alert.key.condition,
                alert.severity.value,
                alert.state.phase.value,
            )
            counted[key] = counted.get(key, 0) + 1
        for key, count in counted.items():
            family.add_metric(key, count)
        return family


def burn_rate_family(statuses: Iterable[SloStatus]) -> Metric:
    text = "Burn rate: how many times faster than allowed the budget is spent; NaN without traffic"
    family = GaugeMetricFamily(f"{PREFIX}_burn_rate", text, labels=(*LABELS, "window"))
    for item in statuses:
        for window, value in BURN_RATE_WINDOWS:
            family.add_metric((*status_labels(item), window), nan_for_none(value(item)))
    return family


def state_family(statuses: Iterable[SloStatus]) -> Metric:
    text = "State of the objective's data: 1 for the current state"
    family = GaugeMetricFamily(f"{PREFIX}_state", text, labels=(*LABELS, "state"))
    for item in statuses:
        for state in SloState:
            family.add_metric((*status_labels(item), state.value), float(item.state is state))
    return family


def gauge_family(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, value=value)


def counter_family(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"{PREFIX}_{name}", text, value=value)


def status_labels(item: SloStatus) -> tuple[str, ...]:
    return (item.name, item.service)


def nan_for_none(value: float | None) -> float:
    return NAN if value is None else value
