"""Indicators (SLIs): which rows of a relation count, and the class of each row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from framegate.slo.counting.expressions import (
    Expression,
    RelationRows,
    function_column,
    quote_identifier,
)
from framegate.slo.counting.relations import (
    ATTRIBUTE_SQL,
    COLUMN_SQL,
    DIMENSIONS,
    TABLES,
    TIME_COLUMNS,
    Relation,
)
from framegate.slo.counting.series import BoolArray, Group, IndicatorTally, IntArray
from framegate.telemetry.platform.clock import MINUTE_NS

GOOD, BAD, PENDING, EXCLUDED, NOT_COUNTED = range(5)  # the classes of rows
CLASS_COUNT = 5
MILLIONTHS = 1_000_000  # units of a row that is a ratio
EXACT_FLOAT_LIMIT = 2**53  # floats represent every integer up to this one
NO_VALUE = ""  # the group value of NULL


@dataclass(frozen=True, slots=True)
class Projection:
    """The columns of a relation that indicators read, and the arguments of its functions."""

    columns: frozenset[str]
    calls: frozenset[tuple[str, str]] = frozenset()

    def __or__(self, other: "Projection") -> "Projection":
        return Projection(self.columns | other.columns, self.calls | other.calls)

    def __le__(self, other: "Projection") -> bool:
        return self.columns <= other.columns and self.calls <= other.calls


@dataclass(frozen=True, slots=True)
class Sli:
    """One indicator: it puts each row where ``total`` holds into the first matching class.

    Excluded if ``excluded`` holds. Pending if ``pending`` holds, for jobs only up to
    ``deadline_ns`` after their submission. Good if ``good`` holds, otherwise bad. A condition that
    is NULL does not hold.

    A row counts ``weight`` events, of which ``good_weight`` are good; both are whole numbers. A row
    whose numbers are missing, negative, fractional or contradictory is pending. If rows are ratios,
    ``ratio`` is the good ratio of each, counted in millionths. ``groups`` are the columns whose
    values have counts of their own.
    """

    relation: Relation
    total: Expression
    good: Expression
    pending: Expression | None = None
    excluded: Expression | None = None
    deadline_ns: int | None = None
    weight: Expression | None = None
    good_weight: Expression | None = None
    ratio: Expression | None = None
    groups: tuple[str, ...] = ()

    @property
    def units_per_event(self) -> int:
        """Units that one row counts as."""
        return MILLIONTHS if self.ratio else 1

    @property
    def noun(self) -> str:
        """The word for what is counted."""
        return str(self.relation)

    @property
    def projection(self) -> Projection:
        """The columns and functions of its relation that it reads."""
        parts = (self.total, self.good, self.pending, self.excluded)
        read = [one for one in (*parts, self.weight, self.good_weight, self.ratio) if one]
        return Projection(
            frozenset(self.groups).union(*(one.columns for one in read)),
            frozenset().union(*(one.calls for one in read)),
        )

    def sum_counts(
        self, rows: RelationRows, places: IntArray, size: int, *, now_ns: int
    ) -> IntArray:
        """Sums of good, bad, pending and excluded (size, 4); row n is added to ``places[n]``."""
        verdicts = self.classify_rows(rows, now_ns=now_ns)
        counts = np.bincount(places * CLASS_COUNT + verdicts, minlength=size * CLASS_COUNT)
        counts = counts.reshape(size, CLASS_COUNT)[:, :NOT_COUNTED] * self.units_per_event
        if self.weight or self.ratio:
            weight, of_good = self._weights(rows)
            judged = verdicts <= BAD
            for kind, amount in ((GOOD, of_good), (BAD, weight)):
                some = judged if self.ratio else verdicts <= kind
                added = np.bincount(places[some], amount[some], minlength=size)
                counts[:, kind] = added.astype(np.int64)
            counts[:, BAD] -= counts[:, GOOD]
        return np.asarray(counts)

    def classify_rows(self, rows: RelationRows, *, now_ns: int) -> IntArray:
        """The class of each row."""
        verdicts = np.where(true_rows(self.good, rows), GOOD, BAD)
        if self.weight or self.ratio:
            weight, _ = self._weights(rows)
            verdicts[weight < 0] = PENDING
        if self.pending:
            verdicts[self._pending_rows(self.pending, rows, now_ns=now_ns)] = PENDING
        if self.excluded:
            verdicts[true_rows(self.excluded, rows)] = EXCLUDED
        verdicts[~true_rows(self.total, rows)] = NOT_COUNTED
        return verdicts

    def _weights(self, rows: RelationRows) -> tuple[IntArray, IntArray]:
        """Total and good units of each row; both -1 if they are invalid."""
        if self.ratio:
            share = float_values(self.ratio, rows)
            fit = (share >= 0) & (share <= 1)
            good = np.rint(np.where(fit, share, 0) * MILLIONTHS).astype(np.int64)
            return np.where(fit, MILLIONTHS, -1), np.where(fit, good, -1)
        assert self.weight
        return whole_weights(self.weight, self.good_weight or self.weight, rows)

    def _pending_rows(self, pending: Expression, rows: RelationRows, *, now_ns: int) -> BoolArray:
        waits = true_rows(pending, rows)
        if self.deadline_ns is None:
            return waits
        submitted = rows.table.column("submitted_ns").to_numpy()
        return np.asarray(waits & (submitted >= now_ns - self.deadline_ns))


def whole_weights(
    weight: Expression, good: Expression, rows: RelationRows
) -> tuple[IntArray, IntArray]:
    """Total and good weights as integers; both -1 if they are invalid."""
    of_all, of_good = float_values(weight, rows), float_values(good, rows)
    fit = (of_good >= 0) & (of_good <= of_all) & (of_all < EXACT_FLOAT_LIMIT)
    fit &= (np.floor(of_good) == of_good) & (np.floor(of_all) == of_all)
    both = [np.where(fit, one, -1).astype(np.int64) for one in (of_all, of_good)]
    return both[0], both[1]


def true_rows(condition: Expression, rows: RelationRows) -> BoolArray:
    """Mask of the rows where a condition is true, not NULL."""
    return np.asarray(pc.fill_null(condition.evaluate(rows), False).to_numpy(zero_copy_only=False))


def float_values(value: Expression, rows: RelationRows) -> NDArray[np.float64]:
    """The values as floats, NaN for NULL."""
    return np.asarray(value.evaluate(rows).to_numpy(zero_copy_only=False), np.float64)


def projection_of(slis: Iterable[Sli]) -> Projection:
    return reduce(lambda all_of, one: all_of | one.projection, slis, Projection(frozenset()))


def rows_sql(relation: Relation, slis: Sequence[Sli]) -> str:
    """Spans, events or points of $minutes, which lie from $since_ns to before $until_ns.

    Only rows that may count for one of the indicators.
    """
    time, wanted = TIME_COLUMNS[relation], projection_of(slis)
    columns = [
        f"{COLUMN_SQL[relation][name]} AS {quote_identifier(name)}"
        for name in sorted(wanted.columns.union(DIMENSIONS[relation]))
    ]
    columns += [
        f"{ATTRIBUTE_SQL[function].format(name=name)} "
        f"AS {quote_identifier(function_column(function, name))}"
        for function, name in sorted(wanted.calls)
    ]
    return (
        "SELECT * FROM ("  # noqa: S608 - our own words, and names that framegate.slo.counting.expressions has checked
        f"SELECT epoch_ns({time}) // {MINUTE_NS} AS minute, epoch_ns({time}) AS submitted_ns"
        f"{''.join(f', {column}' for column in columns)} FROM {TABLES[relation]} "
        f"WHERE {time} >= make_timestamp_ns($since_ns) AND {time} < make_timestamp_ns($until_ns)"
        ") WHERE minute IN (SELECT unnest($minutes::BIGINT[])) "
        f"AND ({' OR '.join(dict.fromkeys(sli.total.sql for sli in slis))})"
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
