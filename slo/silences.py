"""Silences: alerts with these labels are told to nobody for a while."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from slo.journal import Entry

KIND = "silence"


@dataclass(frozen=True, slots=True)
class Silence:
    """Labels that all must match, and when; Unix nanoseconds, the end not included."""

    number: int
    labels: Mapping[str, str]
    start_ns: int
    end_ns: int
    author: str
    reason: str

    def covers(self, labels: Mapping[str, str], *, now_ns: int) -> bool:
        inside = self.start_ns <= now_ns < self.end_ns
        return inside and all(labels.get(name) == value for name, value in self.labels.items())


def silences(entries: Iterable[Entry]) -> list[Silence]:
    """Those that nobody took back."""
    return [
        Silence(
            entry.number,
            entry.body["labels"],
            entry.body["start_ns"],
            entry.body["end_ns"],
            entry.author,
            entry.reason,
        )
        for entry in entries
        if entry.revoked_ns is None
    ]


def silenced_by(
    silences: Sequence[Silence], labels: Mapping[str, str], *, now_ns: int
) -> str | None:
    """The first silence that covers an alert: who and why."""
    for silence in silences:
        if silence.covers(labels, now_ns=now_ns):
            return f"{silence.number} by {silence.author}: {silence.reason}"
    return None
