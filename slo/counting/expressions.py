"""Conditions and numbers over typed columns, in a small part of SQL.

A text is parsed, and each node is looked up in the tables below and written again from them: as a
function of Arrow columns, and as SQL. A user's text itself never reaches a database.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from framegate.telemetry.platform.errors import InputError

MAX_CHARACTERS = 4_000
ARGUMENT_PATTERN = re.compile(r"[\w./-]{1,200}", re.ASCII)
BACKSLASH = "\\"  # in texts, it is an escape in some databases and not in others


class ValueKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    TRUTH = "condition"


TEXT, NUMBER, TRUTH = ValueKind
ARROW_TYPES: Mapping[ValueKind | None, pa.DataType] = {
    TEXT: pa.string(),
    NUMBER: pa.float64(),
    TRUTH: pa.bool_(),
    None: pa.null(),
}
Columns = Mapping[str, ValueKind]
Functions = Mapping[str, ValueKind]  # each takes one quoted name, like score('ssim')


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
class Expression:
    """A checked expression; its SQL means the same in DuckDB and in ClickHouse.

    ``calls`` are the functions it calls, each with the name it is given.
    """

    text: str
    kind: ValueKind
    root: ExpressionNode = field(repr=False, compare=False)
    columns: frozenset[str] = field(repr=False, compare=False, default=frozenset())
    calls: frozenset[tuple[str, str]] = field(repr=False, compare=False, default=frozenset())

    @property
    def sql(self) -> str:
        return self.root.sql

    def evaluate(self, rows: RelationRows) -> pa.Array:
        """Its value in each row, NULL included."""
        value = rows.value(self.root)
        if isinstance(value, pa.Scalar):
            return pa.repeat(value.cast(ARROW_TYPES[self.kind]), len(rows))
        return value.cast(ARROW_TYPES[self.kind])


def parse_expression(
    text: str, columns: Columns, functions: Functions | None = None, *, kind: ValueKind
) -> Expression:
    """Parse and check; raises InputError naming the part that is wrong."""
    if (size := len(text)) > MAX_CHARACTERS:
        raise InputError(f"expression has {size} characters, at most {MAX_CHARACTERS} are allowed")
    writer = ExpressionWriter(columns, functions or {})
    try:
        part = writer.write(sqlglot.parse_one(text, dialect="duckdb"))
    except SqlglotError as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{text!r} is not a valid expression: {reason}") from error
    except RecursionError:
        raise InputError("expression is nested too deeply") from None
    if part.kind not in (kind, None):
        raise InputError(f"{text!r} is a {part.kind}, not a {kind}")
    return Expression(text, kind, part, frozenset(writer.columns), frozenset(writer.calls))


@dataclass(frozen=True, slots=True)
class Operation:
    """SQL with a place for each operand, and the function of Arrow columns that means the same."""

    sql: str
    compute: Callable[..., Any]
    operand_kind: ValueKind | None  # None: any kind that all of them have
    kind: ValueKind | None

    def of(self, *parts: ExpressionNode) -> ExpressionNode:
        def compute(rows: RelationRows) -> Any:
            return self.compute(*(rows.value(part) for part in parts))

        return ExpressionNode(self.sql.format(*(part.sql for part in parts)), self.kind, compute)


def divide_or_null(value: Any, by: Any) -> Any:
    """NULL where the divisor is 0."""
    return pc.divide(value, pc.if_else(pc.equal(by, 0.0), pa.scalar(None, pa.float64()), by))


OPERATIONS: Mapping[type[Any], Operation] = {
    exp.EQ: Operation("({} = {})", pc.equal, None, TRUTH),
    exp.NEQ: Operation("({} <> {})", pc.not_equal, None, TRUTH),
    exp.LT: Operation("({} < {})", pc.less, None, TRUTH),
    exp.LTE: Operation("({} <= {})", pc.less_equal, None, TRUTH),
    exp.GT: Operation("({} > {})", pc.greater, None, TRUTH),
    exp.GTE: Operation("({} >= {})", pc.greater_equal, None, TRUTH),
    exp.And: Operation("({} AND {})", pc.and_kleene, TRUTH, TRUTH),
    exp.Or: Operation("({} OR {})", pc.or_kleene, TRUTH, TRUTH),
    exp.Not: Operation("(NOT {})", pc.invert, TRUTH, TRUTH),
    exp.Add: Operation("({} + {})", pc.add, NUMBER, NUMBER),
    exp.Sub: Operation("({} - {})", pc.subtract, NUMBER, NUMBER),
    exp.Mul: Operation("({} * {})", pc.multiply, NUMBER, NUMBER),
    exp.Div: Operation("({} / nullif({}, 0e0))", divide_or_null, NUMBER, NUMBER),
    exp.Neg: Operation("(- {})", pc.negate, NUMBER, NUMBER),
    exp.Abs: Operation("abs({})", pc.abs, NUMBER, NUMBER),
}


class ExpressionWriter:
    """Writes one tree from the tables, and records the columns and functions it uses."""

    def __init__(self, columns: Columns, functions: Functions) -> None:
        self._column_kinds = columns
        self._functions = functions
        self.columns: set[str] = set()
        self.calls: set[tuple[str, str]] = set()

    def write(self, node: Any) -> ExpressionNode:
        if type(node) not in WRITERS:
            raise InputError(f"{node_text(node)!r} is not allowed here")
        return WRITERS[type(node)](self, node)

    def write_kind(self, node: Any, kind: ValueKind) -> ExpressionNode:
        part = type_null(self.write(node), kind)
        if part.kind is not kind:
            raise InputError(f"{node_text(node)!r} is a {part.kind}, but a {kind} is needed")
        return part

    def write_same_kind(self, *nodes: Any) -> list[ExpressionNode]:
        """The nodes, which must all be of one kind; NULL takes that kind."""
        parts = [self.write(node) for node in nodes]
        kinds = {part.kind for part in parts if part.kind}
        if len(kinds) > 1:
            all_of = " and ".join(repr(node_text(node)) for node in nodes)
            raise InputError(f"{all_of} cannot be compared: {' and '.join(sorted(kinds))}")
        return [type_null(part, kind) for part in parts for kind in kinds] or parts

    def write_comparable(self, *nodes: Any) -> list[ExpressionNode]:
        """The nodes, of one kind; only NULLs are numbers."""
        return [type_null(part, NUMBER) for part in self.write_same_kind(*nodes)]

    def write_column(self, node: exp.Column) -> ExpressionNode:
        name = node.name
        if node.table or name not in self._column_kinds:
            known = ", ".join(self._column_kinds)
            raise InputError(f"unknown column {node_text(node)!r}; known: {known}")
        self.columns.add(name)
        return column_node(name, self._column_kinds[name])

    def write_call(self, node: exp.Func) -> ExpressionNode:
        name, arguments = str(node.name).lower(), node.expressions
        kind = self._functions.get(name)
        one = arguments[0] if len(arguments) == 1 else None
        if kind is None or not isinstance(one, exp.Literal) or not one.is_string:
            known = ", ".join(f"{known}('…')" for known in self._functions) or "none"
            raise InputError(f"{node_text(node)!r} is not allowed here; functions: {known}")
        if not ARGUMENT_PATTERN.fullmatch(str(one.this)):
            raise InputError(f"{node_text(node)!r}: names may have letters, digits and _ . / -")
        self.calls.add((name, str(one.this)))
        return column_node(function_column(name, str(one.this)), kind)


def write_operation(writer: ExpressionWriter, node: Any) -> ExpressionNode:
    operation = OPERATIONS[type(node)]
    nodes = [node.left, node.right] if isinstance(node, exp.Binary) else [node.this]
    if operation.operand_kind is None:
        return operation.of(*writer.write_comparable(*nodes))
    return operation.of(*(writer.write_kind(one, operation.operand_kind) for one in nodes))


def write_is_null(writer: ExpressionWriter, node: exp.Is) -> ExpressionNode:
    if not isinstance(node.expression, exp.Null):
        wanted = "IS must be followed by NULL or NOT NULL"
        raise InputError(f"{node_text(node)!r} is not allowed here: {wanted}")
    return Operation("({} IS NULL)", pc.is_null, None, TRUTH).of(writer.write(node.this))


def write_between(writer: ExpressionWriter, node: exp.Between) -> ExpressionNode:
    value, low, high = writer.write_comparable(node.this, node.args["low"], node.args["high"])
    above, below = OPERATIONS[exp.GTE].of(value, low), OPERATIONS[exp.LTE].of(value, high)
    return OPERATIONS[exp.And].of(above, below)


def write_in(writer: ExpressionWriter, node: exp.In) -> ExpressionNode:
    """One comparison for each value of the list, so that NULL behaves as in SQL."""
    if not node.expressions:
        raise InputError(f"{node_text(node)!r}: IN needs a list of values")
    value, *listed = writer.write_comparable(node.this, *node.expressions)
    sql = f"({' OR '.join('{}' for _ in listed)})"
    any_of = Operation(sql, lambda *found: reduce(pc.or_kleene, found), TRUTH, TRUTH)
    return any_of.of(*(OPERATIONS[exp.EQ].of(value, one) for one in listed))


def write_coalesce(writer: ExpressionWriter, node: exp.Coalesce) -> ExpressionNode:
    parts = writer.write_same_kind(node.this, *node.expressions)
    sql = f"coalesce({', '.join('{}' for _ in parts)})"
    return Operation(sql, pc.coalesce, None, parts[0].kind).of(*parts)


def write_literal(_: ExpressionWriter, node: exp.Literal) -> ExpressionNode:
    text = str(node.this)
    if not node.is_string:
        if not math.isfinite(float(text)):
            raise InputError(f"{text} is too large")
        return constant_node(f"CAST({float(text)!r} AS DOUBLE)", NUMBER, float(text))
    if BACKSLASH in text or not text.isprintable():
        raise InputError(f"{text!r}: backslashes and control characters are not allowed in texts")
    return constant_node("'" + text.replace("'", "''") + "'", TEXT, text)


WRITERS: Mapping[type[Any], Callable[[ExpressionWriter, Any], ExpressionNode]] = {
    **dict.fromkeys(OPERATIONS, write_operation),
    exp.Paren: lambda writer, node: writer.write(node.this),
    exp.Is: write_is_null,
    exp.In: write_in,
    exp.Between: write_between,
    exp.Coalesce: write_coalesce,
    exp.Literal: write_literal,
    exp.Boolean: lambda _, node: constant_node(str(node.this).upper(), TRUTH, bool(node.this)),
    exp.Null: lambda *_: constant_node("NULL", None, None),
    exp.Column: ExpressionWriter.write_column,
    exp.Anonymous: ExpressionWriter.write_call,
}


def column_node(name: str, kind: ValueKind) -> ExpressionNode:
    quoted = quote_identifier(name)
    return ExpressionNode(quoted, kind, lambda rows: rows.table.column(name).combine_chunks())


def constant_node(sql: str, kind: ValueKind | None, value: object) -> ExpressionNode:
    scalar = pa.scalar(value, ARROW_TYPES[kind])
    return ExpressionNode(sql, kind, lambda _: scalar)


def type_null(part: ExpressionNode, kind: ValueKind) -> ExpressionNode:
    """NULL gets the kind; any other node is unchanged."""
    return constant_node("NULL", kind, None) if part.kind is None else part


def node_text(node: Any) -> str:
    """The text of a node, for messages."""
    return str(node.sql(dialect="duckdb")) if isinstance(node, exp.Expression) else str(node)


def quote_identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def function_column(function: str, name: str) -> str:
    """The name of the column with a function's result, for example ``score:ssim``."""
    return f"{function}:{name}"
