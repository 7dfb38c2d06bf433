"""When each service was heard of, by the minute: without jobs, that tells quiet from dead."""

from collections.abc import Iterable

import numpy as np

from slo.series import Numbers, Span

# One that sends its metrics once a minute is heard of in each minute, or in the next.
QUIET_MINUTES = 3


class Presence:
    """Minutes in which services sent anything at all."""

    def __init__(self) -> None:
        self._heard: dict[str, set[int]] = {}

    def heard(self, service: str, minutes: Iterable[int]) -> None:
        self._heard.setdefault(service, set()).update(minutes)

    def forget(self, before_minute: int) -> None:
        for minutes in self._heard.values():
            minutes.difference_update([one for one in minutes if one < before_minute])

    @property
    def services(self) -> list[str]:
        return sorted(self._heard)

    def since_first(self, span: Span, services: Iterable[str] = ()) -> Span:
        """A span without what was before the services, or any, were first heard of."""
        chosen = list(services) or list(self._heard)
        firsts = [min(self._heard[one]) for one in chosen if self._heard.get(one)]
        return Span(max(span.first, min(firsts, default=span.first)), span.last)

    def covered(self, span: Span, services: Iterable[str] = ()) -> int:
        """Minutes of a span in which one of the services, or of all, was there.

        A service is there for a few minutes after it was heard of.
        """
        if not span.minutes:
            return 0
        return int(self._there(span, services).sum())

    def coverage(self, span: Span, services: Iterable[str] = ()) -> float:
        """The share of a span's minutes that is covered; 0 for a span without minutes."""
        return self.covered(span, services) / span.minutes if span.minutes else 0.0

    def _there(self, span: Span, services: Iterable[str]) -> Numbers:
        there = np.zeros(span.minutes + QUIET_MINUTES, np.int64)
        for service in services or self._heard:
            known = self._heard.get(service, set())
            minutes = np.fromiter(known, np.int64, len(known)) - (span.first - QUIET_MINUTES)
            there[minutes[(minutes >= 0) & (minutes < len(there))]] = 1
        window = np.convolve(there, np.ones(QUIET_MINUTES + 1, np.int64))
        return np.asarray(window[QUIET_MINUTES : QUIET_MINUTES + span.minutes] > 0)
