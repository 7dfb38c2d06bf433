"""The counts of an indicator by minute, for all rows and for each group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from framegate.slo.counting.expression_nodes import RelationRows
from framegate.slo.counting.series import IntArray, Series
from framegate.slo.counting.sli import Sli

Group = tuple[str, ...]  # one value for each of an indicator's group columns
NO_VALUE = ""  # the group value of NULL
MAX_GROUPS = 200
OTHER_GROUP = "other"  # collects all groups after the first MAX_GROUPS


@dataclass(slots=True)
class IndicatorTally:
    """The series of one indicator."""

    whole: Series = field(default_factory=Series)
    groups: dict[Group, Series] = field(default_factory=dict)

    def put(
        self,
        minutes: IntArray,
        counts: IntArray,
        groups: Sequence[Group],
        *,
        keep_from: int | None = None,
    ) -> None:
        """Set the counts (minutes, groups, 4) of ascending ``minutes``."""
        self.whole.put(minutes, counts.sum(axis=1), keep_from=keep_from)
        nothing = np.zeros((len(minutes), 4), np.int64)
        found: dict[Group, IntArray] = dict.fromkeys(self.groups, nothing)
        for number, group in enumerate(groups):
            part = counts[:, number]
            if group and part.any():
                admitted = self._admit_group(group, len(found))
                found[admitted] = found.get(admitted, nothing) + part
        for group, part in found.items():
            self.groups.setdefault(group, Series()).put(minutes, part, keep_from=keep_from)

    def _admit_group(self, group: Group, known: int) -> Group:
        if group in self.groups or known < MAX_GROUPS:
            return group
        return (OTHER_GROUP,) * len(group)

    def reset_added(self) -> None:
        """Set ``added`` of all series to 0."""
        for series in (self.whole, *self.groups.values()):
            series.added[:] = 0

    @property
    def size_bytes(self) -> int:
        return self.whole.size_bytes + sum(
            series.size_bytes for series in list(self.groups.values())
        )


def count_rows(
    tallies: Mapping[Sli, IndicatorTally],
    table: pa.Table,
    *,
    minutes: IntArray,
    now_ns: int,
    keep_from: int | None = None,
) -> None:
    """Count ascending ``minutes`` from a table that has all of their rows.

    All indicators belong to the table's relation; its column ``minute`` assigns each row.
    """
    rows = RelationRows(table)
    of_rows = np.searchsorted(minutes, table.column("minute").to_numpy())
    for names in {sli.groups for sli in tallies}:
        groups, of_groups = group_rows(table, names)
        size = len(minutes) * len(groups)
        for sli, tally in tallies.items():
            if sli.groups == names:
                places = of_rows * len(groups) + of_groups
                counts = sli.sum_counts(rows, places, size, now_ns=now_ns)
                shaped = counts.reshape(len(minutes), len(groups), 4)
                tally.put(minutes, shaped, groups, keep_from=keep_from)


def group_rows(table: pa.Table, names: Sequence[str]) -> tuple[list[Group], IntArray]:
    """The groups of the rows, and the index of each row's group."""
    groups: list[Group] = [()]
    places = np.zeros(table.num_rows, np.int64)
    for name in names:
        coded = table.column(name).combine_chunks().cast(pa.string()).fill_null(NO_VALUE)
        coded = coded.dictionary_encode()
        values = coded.dictionary.to_pylist() or [NO_VALUE]
        groups = [(*group, value) for group in groups for value in values]
        places = places * len(values) + coded.indices.to_numpy()
    used, found = np.unique(places, return_inverse=True)
    if len(used) < len(groups) and len(used):
        return [groups[place] for place in used.tolist()], found
    return groups, places
