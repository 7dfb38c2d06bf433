"""When services were heard of, by the minute: without jobs, that tells quiet from dead."""

from collections.abc import Iterable

import numpy as np

from framegate.slo.counting.series import MinuteSpan, Series

# One that sends its metrics once a minute is heard of in each minute, or in the next.
QUIET_MINUTES = 3
PRESENT = np.array([[1, 0, 0, 0]], np.int64)

ServiceSet = frozenset[str]  # services that are looked at together; none means all


class Presence:
    """Minutes in which services were there: when they were heard of, and for a few after."""

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
        """A span without what was before the services, or any, were first heard of."""
        series = self._series(services)
        return MinuteSpan(max(span.first, series.first), span.last) if series.last else span

    def covered_minutes(self, span: MinuteSpan, services: Iterable[str] = ()) -> int:
        """Minutes of a span in which one of the services, or of all, was there."""
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
