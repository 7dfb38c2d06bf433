"""Conditions and numbers over typed columns, in a small part of SQL.

A text is parsed, and each node is looked up in the tables below and written again from them: as a
function of Arrow columns, and as SQL. A user's text itself never reaches a database.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from framegate.slo.counting.expression_nodes import (
    ARROW_TYPES,
    BinaryOperator,
    ExpressionNode,
    RelationRows,
    ValueKind,
    binary_node,
    column_node,
    constant_node,
    function_column,
    unary_node,
)
from framegate.telemetry.platform.errors import InputError

MAX_CHARACTERS = 4_000
ARGUMENT_PATTERN = re.compile(r"[\w./-]{1,200}", re.ASCII)
BACKSLASH = "\\"  # in texts, it is an escape in some databases and not in others


Columns = Mapping[str, ValueKind]
Functions = Mapping[str, ValueKind]  # each takes one quoted name, like score('ssim')


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
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            f"expression has {len(text)} characters, at most {MAX_CHARACTERS} are allowed"
        )
    writer = ExpressionWriter(columns, functions or {})
    try:
        part = writer.write(sqlglot.parse_one(text, dialect="duckdb"))
    except SqlglotError as error:
        raise InputError(
            f"{text!r} is not a valid expression: {str(error).splitlines()[0]}"
        ) from error
    except RecursionError:
        raise InputError("expression is nested too deeply") from None
    if part.kind not in (kind, None):
        raise InputError(f"{text!r} is a {part.kind}, not a {kind}")
    return Expression(text, kind, part, frozenset(writer.columns), frozenset(writer.calls))


COMPARISONS: Mapping[type[Any], BinaryOperator] = {
    exp.EQ: BinaryOperator("=", pc.equal),
    exp.NEQ: BinaryOperator("<>", pc.not_equal),
    exp.LT: BinaryOperator("<", pc.less),
    exp.LTE: BinaryOperator("<=", pc.less_equal),
    exp.GT: BinaryOperator(">", pc.greater),
    exp.GTE: BinaryOperator(">=", pc.greater_equal),
}
ARITHMETIC: Mapping[type[Any], BinaryOperator] = {
    exp.Add: BinaryOperator("+", pc.add),
    exp.Sub: BinaryOperator("-", pc.subtract),
    exp.Mul: BinaryOperator("*", pc.multiply),
}
CONNECTORS: Mapping[type[Any], BinaryOperator] = {
    exp.And: BinaryOperator("AND", pc.and_kleene),
    exp.Or: BinaryOperator("OR", pc.or_kleene),
}


class ExpressionWriter:
    """Writes one tree from the tables below, and records the columns and functions it uses."""

    def __init__(self, columns: Columns, functions: Functions) -> None:
        self._column_kinds = columns
        self._functions = functions
        self.columns: set[str] = set()
        self.calls: set[tuple[str, str]] = set()

    def write(self, node: Any) -> ExpressionNode:
        for family, write in WRITERS:
            if isinstance(node, family):
                return write(self, node)
        raise InputError(f"{node_text(node)!r} is not allowed here")

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


def type_null(part: ExpressionNode, kind: ValueKind) -> ExpressionNode:
    """NULL gets the kind; any other node is unchanged."""
    return constant_node("NULL", kind, None) if part.kind is None else part


def write_comparable(writer: ExpressionWriter, *nodes: Any) -> list[ExpressionNode]:
    """The nodes, of one kind; only NULLs are numbers."""
    return [type_null(part, ValueKind.NUMBER) for part in writer.write_same_kind(*nodes)]


def write_connector(writer: ExpressionWriter, node: exp.Connector) -> ExpressionNode:
    left, right = (writer.write_kind(side, ValueKind.TRUTH) for side in (node.left, node.right))
    return binary_node(CONNECTORS[type(node)], left, right, ValueKind.TRUTH)


def write_comparison(writer: ExpressionWriter, node: exp.Binary) -> ExpressionNode:
    left, right = write_comparable(writer, node.left, node.right)
    return binary_node(COMPARISONS[type(node)], left, right, ValueKind.TRUTH)


def write_arithmetic(writer: ExpressionWriter, node: exp.Binary) -> ExpressionNode:
    left, right = (writer.write_kind(side, ValueKind.NUMBER) for side in (node.left, node.right))
    return binary_node(ARITHMETIC[type(node)], left, right, ValueKind.NUMBER)


def write_division(writer: ExpressionWriter, node: exp.Div) -> ExpressionNode:
    """NULL where the divisor is 0."""
    left, right = (writer.write_kind(side, ValueKind.NUMBER) for side in (node.left, node.right))
    some = unary_node("nullif({}, 0e0)", null_if_zero, right, ValueKind.NUMBER)
    return binary_node(BinaryOperator("/", pc.divide), left, some, ValueKind.NUMBER)


def null_if_zero(value: Any) -> Any:
    return pc.if_else(pc.equal(value, 0.0), pa.scalar(None, pa.float64()), value)


def write_not(writer: ExpressionWriter, node: exp.Not) -> ExpressionNode:
    part = writer.write_kind(node.this, ValueKind.TRUTH)
    return unary_node("(NOT {})", pc.invert, part, ValueKind.TRUTH)


def numeric_writer(
    sql: str, compute: Callable[[Any], Any]
) -> Callable[[ExpressionWriter, exp.Unary | exp.Func], ExpressionNode]:
    def write(writer: ExpressionWriter, node: exp.Unary | exp.Func) -> ExpressionNode:
        return unary_node(
            sql, compute, writer.write_kind(node.this, ValueKind.NUMBER), ValueKind.NUMBER
        )

    return write


def write_is_null(writer: ExpressionWriter, node: exp.Is) -> ExpressionNode:
    if not isinstance(node.expression, exp.Null):
        raise InputError(
            f"{node_text(node)!r} is not allowed here: IS must be followed by NULL or NOT NULL"
        )
    return unary_node("({} IS NULL)", pc.is_null, writer.write(node.this), ValueKind.TRUTH)


def write_between(writer: ExpressionWriter, node: exp.Between) -> ExpressionNode:
    value, low, high = write_comparable(writer, node.this, node.args["low"], node.args["high"])
    above = binary_node(COMPARISONS[exp.GTE], value, low, ValueKind.TRUTH)
    below = binary_node(COMPARISONS[exp.LTE], value, high, ValueKind.TRUTH)
    return binary_node(CONNECTORS[exp.And], above, below, ValueKind.TRUTH)


def write_in(writer: ExpressionWriter, node: exp.In) -> ExpressionNode:
    """One comparison for each value of the list, so that NULL behaves as in SQL."""
    if not node.expressions:
        raise InputError(f"{node_text(node)!r}: IN needs a list of values")
    value, *listed = write_comparable(writer, node.this, *node.expressions)
    found = [binary_node(COMPARISONS[exp.EQ], value, one, ValueKind.TRUTH) for one in listed]

    def compute(rows: RelationRows) -> Any:
        return reduce(pc.or_kleene, (rows.value(one) for one in found))

    return ExpressionNode(f"({' OR '.join(one.sql for one in found)})", ValueKind.TRUTH, compute)


def write_coalesce(writer: ExpressionWriter, node: exp.Coalesce) -> ExpressionNode:
    parts = writer.write_same_kind(node.this, *node.expressions)

    def compute(rows: RelationRows) -> Any:
        return pc.coalesce(*(rows.value(part) for part in parts))

    return ExpressionNode(
        f"coalesce({', '.join(part.sql for part in parts)})", parts[0].kind, compute
    )


def write_literal(_: ExpressionWriter, node: exp.Literal) -> ExpressionNode:
    if node.is_string:
        text = safe_text(node)
        return constant_node("'" + text.replace("'", "''") + "'", ValueKind.TEXT, text)
    number = float(node.this)
    if not math.isfinite(number):
        raise InputError(f"{node.this} is too large")
    return constant_node(f"CAST({number!r} AS DOUBLE)", ValueKind.NUMBER, number)


WRITERS: tuple[tuple[Any, Callable[[ExpressionWriter, Any], ExpressionNode]], ...] = (
    (exp.Paren, lambda writer, node: writer.write(node.this)),
    (exp.Connector, write_connector),
    (tuple(COMPARISONS), write_comparison),
    (tuple(ARITHMETIC), write_arithmetic),
    (exp.Div, write_division),
    (exp.Not, write_not),
    (exp.Neg, numeric_writer("(- {})", pc.negate)),
    (exp.Abs, numeric_writer("abs({})", pc.abs)),
    (exp.Is, write_is_null),
    (exp.In, write_in),
    (exp.Between, write_between),
    (exp.Coalesce, write_coalesce),
    (exp.Literal, write_literal),
    (exp.Null, lambda *_: constant_node("NULL", None, None)),
    (
        exp.Boolean,
        lambda _, node: constant_node(str(node.this).upper(), ValueKind.TRUTH, bool(node.this)),
    ),
    (exp.Column, ExpressionWriter.write_column),
    (exp.Anonymous, ExpressionWriter.write_call),
)


def safe_text(node: exp.Literal) -> str:
    text = str(node.this)
    if BACKSLASH in text or not text.isprintable():
        raise InputError(f"{text!r}: backslashes and control characters are not allowed in texts")
    return text


def node_text(node: Any) -> str:
    """The text of a node, for messages."""
    return str(node.sql(dialect="duckdb")) if isinstance(node, exp.Expression) else str(node)
