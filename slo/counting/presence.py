"""The minutes in which each service sent data, to tell "no traffic" from "no data"."""

from collections.abc import Iterable

import numpy as np

from framegate.slo.counting.series import MinuteSpan, Series

# A service that sends metrics once a minute may miss a minute and send in the next.
QUIET_MINUTES = 3
PRESENT = np.array([[1, 0, 0, 0]], np.int64)

ServiceSet = frozenset[str]  # services that count together; empty means all


class Presence:
    """Minutes in which services were alive: those with data, and a few minutes after each."""

    def __init__(self) -> None:
        self._minutes_by_service: dict[str, set[int]] = {}
        self._series_by_services: dict[ServiceSet, Series] = {frozenset(): Series()}

    def add_minutes(self, service: str, minutes: Iterable[int]) -> None:
        new = set(minutes) - self._minutes_by_service.setdefault(service, set())
        if not new:
            return
        self._minutes_by_service[service] |= new
        for chosen, series in self._series_by_services.items():
            if not chosen or service in chosen:
                mark_minutes(series, new)

    def forget(self, before_minute: int) -> None:
        for service, minutes in self._minutes_by_service.items():
            self._minutes_by_service[service] = {one for one in minutes if one >= before_minute}
        self._series_by_services = {
            chosen: self._build_series(chosen) for chosen in self._series_by_services
        }

    @property
    def services(self) -> list[str]:
        return sorted(self._minutes_by_service)

    def trim_to_first_seen(self, span: MinuteSpan, services: Iterable[str] = ()) -> MinuteSpan:
        """The span without the minutes before the first data of the services."""
        series = self._series(services)
        return MinuteSpan(max(span.first, series.first), span.last) if series.last else span

    def covered_minutes(self, span: MinuteSpan, services: Iterable[str] = ()) -> int:
        """The number of minutes in which any of the services was alive."""
        return self._series(services).counts_over(span).good

    def coverage(self, span: MinuteSpan, services: Iterable[str] = ()) -> float:
        """The share of a span's minutes that is covered; 0 for a span without minutes."""
        return self.covered_minutes(span, services) / span.minutes if span.minutes else 0.0

    def _series(self, services: Iterable[str]) -> Series:
        chosen = frozenset(services)
        if chosen not in self._series_by_services:
            self._series_by_services[chosen] = self._build_series(chosen)
        return self._series_by_services[chosen]

    def _build_series(self, chosen: ServiceSet) -> Series:
        series = Series()
        for service in chosen or self._minutes_by_service:
            mark_minutes(series, self._minutes_by_service.get(service, set()))
        return series


def mark_minutes(series: Series, minutes: set[int]) -> None:
    """Set these minutes, and the few after each."""
    if not minutes:
        return
    begun = np.array(sorted(minutes), np.int64)
    there = np.unique((begun[:, None] + np.arange(QUIET_MINUTES + 1)).ravel())
    series.put(there, np.repeat(PRESENT, len(there), axis=0))
