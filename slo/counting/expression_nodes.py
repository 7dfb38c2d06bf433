"""Nodes of an expression tree: each has SQL and a function that computes it over rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pyarrow as pa


class ValueKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    TRUTH = "condition"


ARROW_TYPES: Mapping[ValueKind | None, pa.DataType] = {
    ValueKind.TEXT: pa.string(),
    ValueKind.NUMBER: pa.float64(),
    ValueKind.TRUTH: pa.bool_(),
    None: pa.null(),
}


class RelationRows:
    """Rows of a relation; a node shared by several expressions is computed once."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self._values: dict[tuple[str, ValueKind | None], Any] = {}

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def value(self, part: "ExpressionNode") -> Any:
        """The value of a node in each row: an array, or one scalar for all rows."""
        key = part.sql, part.kind
        if key not in self._values:
            self._values[key] = part.compute(self)
        return self._values[key]


@dataclass(frozen=True, slots=True)
class ExpressionNode:
    """A checked node of an expression; ``kind`` is None for NULL."""

    sql: str
    kind: ValueKind | None
    compute: Callable[[RelationRows], Any]


@dataclass(frozen=True, slots=True)
class BinaryOperator:
    sql: str
    compute: Callable[[Any, Any], Any]


def column_node(name: str, kind: ValueKind) -> ExpressionNode:
    def compute(rows: RelationRows) -> Any:
        return rows.table.column(name).combine_chunks()

    return ExpressionNode(quote_identifier(name), kind, compute)


def binary_node(
    operator: BinaryOperator, left: ExpressionNode, right: ExpressionNode, kind: ValueKind
) -> ExpressionNode:
    def compute(rows: RelationRows) -> Any:
        return operator.compute(rows.value(left), rows.value(right))

    return ExpressionNode(f"({left.sql} {operator.sql} {right.sql})", kind, compute)


def unary_node(
    sql: str, compute: Callable[[Any], Any], part: ExpressionNode, kind: ValueKind
) -> ExpressionNode:
    return ExpressionNode(sql.format(part.sql), kind, lambda rows: compute(rows.value(part)))


def constant_node(sql: str, kind: ValueKind | None, value: object) -> ExpressionNode:
    scalar = pa.scalar(value, ARROW_TYPES[kind])
    return ExpressionNode(sql, kind, lambda _: scalar)


def quote_identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def function_column(function: str, name: str) -> str:
    """The name of the column with a function's result, for example ``score:ssim``."""
    return f"{function}:{name}"
