"""When services were heard of, by the minute: without jobs, that tells quiet from dead."""

from collections.abc import Iterable

import numpy as np

from framegate.slo.counting.series import Series, Span

# One that sends its metrics once a minute is heard of in each minute, or in the next.
QUIET_MINUTES = 3
ONE = np.array([[1, 0, 0, 0]], np.int64)

Chosen = frozenset[str]  # services that are looked at together; none means all


class Presence:
    """Minutes in which services were there: when they were heard of, and for a few after."""

    def __init__(self) -> None:
        self._heard: dict[str, set[int]] = {}
        self._there: dict[Chosen, Series] = {frozenset(): Series()}

    def heard(self, service: str, minutes: Iterable[int]) -> None:
        new = set(minutes) - self._heard.setdefault(service, set())
        if not new:
            return
        self._heard[service] |= new
        for chosen, series in self._there.items():
            if not chosen or service in chosen:
                mark(series, new)

    def forget(self, before_minute: int) -> None:
        for service, minutes in self._heard.items():
            self._heard[service] = {one for one in minutes if one >= before_minute}
        self._there = {chosen: self._marked(chosen) for chosen in self._there}

    @property
    def services(self) -> list[str]:
        return sorted(self._heard)

    def since_first(self, span: Span, services: Iterable[str] = ()) -> Span:
        """A span without what was before the services, or any, were first heard of."""
        series = self._series(services)
        return Span(max(span.first, series.first), span.last) if series.last else span

    def covered(self, span: Span, services: Iterable[str] = ()) -> int:
        """Minutes of a span in which one of the services, or of all, was there."""
        return self._series(services).over(span).good

    def coverage(self, span: Span, services: Iterable[str] = ()) -> float:
        """The share of a span's minutes that is covered; 0 for a span without minutes."""
        return self.covered(span, services) / span.minutes if span.minutes else 0.0

    def _series(self, services: Iterable[str]) -> Series:
        chosen = frozenset(services)
        if chosen not in self._there:
            self._there[chosen] = self._marked(chosen)
        return self._there[chosen]

    def _marked(self, chosen: Chosen) -> Series:
        series = Series()
        for service in chosen or self._heard:
            mark(series, self._heard.get(service, set()))
        return series


def mark(series: Series, minutes: set[int]) -> None:
    """Set these minutes, and the few after each."""
    if not minutes:
        return
    begun = np.array(sorted(minutes), np.int64)
    there = np.unique((begun[:, None] + np.arange(QUIET_MINUTES + 1)).ravel())
    series.put(there, np.repeat(ONE, len(there), axis=0))
