"""Counts of good, bad, pending and excluded events: integers for each minute."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """Events that are good, bad, pending (``unscored``) or excluded."""

    good: int = 0
    bad: int = 0
    unscored: int = 0
    excluded: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.good + other.good,
            self.bad + other.bad,
            self.unscored + other.unscored,
            self.excluded + other.excluded,
        )

    @property
    def total(self) -> int:
        """Judged events: good and bad."""
        return self.good + self.bad


Slices = Mapping[int, Counts]  # by the minute of submission, since 1970
