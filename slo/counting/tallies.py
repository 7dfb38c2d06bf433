"""What an indicator's rows came to, minute by minute: of all of them, and of each group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from framegate.slo.counting.expression_nodes import RelationRows
from framegate.slo.counting.series import IntArray, Series
from framegate.slo.counting.sli import Sli

Group = tuple[str, ...]  # one value for each of an indicator's group columns
NO_VALUE = ""  # of a row whose column is NULL
MAX_GROUPS = 200
OTHER_GROUP = "other"  # takes in the groups after the first so many


@dataclass(slots=True)
class IndicatorTally:
    """Series of one indicator."""

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
        """Set what ``minutes``, which rise, came to: ``counts`` is (minutes, groups, 4)."""
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
        """From now on, count what is added."""
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
    """Set what ``minutes``, which rise, came to; the table has all of their rows.

    All indicators are of the table's relation; its column ``minute`` says where each row belongs.
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
    """The groups that the rows belong to, and the place of each row's among them."""
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
