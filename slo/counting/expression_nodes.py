"""Pieces of expressions: each is SQL, and a function of rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pyarrow as pa


class Kind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    TRUTH = "truth"


ARROW: Mapping[Kind | None, pa.DataType] = {
    Kind.TEXT: pa.string(),
    Kind.NUMBER: pa.float64(),
    Kind.TRUTH: pa.bool_(),
    None: pa.null(),
}


class Rows:
    """Rows of a relation; what several expressions have in common is computed once."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self._known: dict[tuple[str, Kind | None], Any] = {}

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def value(self, part: "Part") -> Any:
        """What a part comes to in each row: an array, or one value for all."""
        key = part.sql, part.kind
        if key not in self._known:
            self._known[key] = part.compute(self)
        return self._known[key]


@dataclass(frozen=True, slots=True)
class Part:
    """A checked piece of an expression; NULL is of no kind."""

    sql: str
    kind: Kind | None
    compute: Callable[[Rows], Any]


@dataclass(frozen=True, slots=True)
class Operator:
    sql: str
    compute: Callable[[Any, Any], Any]


def column_part(name: str, kind: Kind) -> Part:
    def compute(rows: Rows) -> Any:
        return rows.table.column(name).combine_chunks()

    return Part(quoted(name), kind, compute)


def both(operator: Operator, left: Part, right: Part, kind: Kind) -> Part:
    def compute(rows: Rows) -> Any:
        return operator.compute(rows.value(left), rows.value(right))

    return Part(f"({left.sql} {operator.sql} {right.sql})", kind, compute)


def single(sql: str, compute: Callable[[Any], Any], part: Part, kind: Kind) -> Part:
    return Part(sql.format(part.sql), kind, lambda rows: compute(rows.value(part)))


def constant(sql: str, kind: Kind | None, value: object) -> Part:
    scalar = pa.scalar(value, ARROW[kind])
    return Part(sql, kind, lambda _: scalar)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def column_of(function: str, name: str) -> str:
    """The column that holds what a function gives for a name."""
    return f"{function}:{name}"
