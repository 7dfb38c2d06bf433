"""Conditions and numbers over typed columns, as SQL writes them, and nothing else of SQL.

A text is parsed, each of its parts looked up in the tables below, and written anew from them: as a
function of Arrow columns, and as SQL. What reaches a database is never what somebody sent.
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
    ARROW,
    Kind,
    Operator,
    Part,
    Rows,
    both,
    column_of,
    column_part,
    constant,
    single,
)
from framegate.telemetry.platform.errors import InputError

LONGEST = 4_000
CALLED = re.compile(r"[\w./-]{1,200}", re.ASCII)
BACKSLASH = "\\"  # some databases give it a meaning in texts, others none


Columns = Mapping[str, Kind]
Functions = Mapping[str, Kind]  # of one quoted name each, like score('ssim')


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression; its SQL reads the same in DuckDB and in ClickHouse.

    ``calls`` are the functions it calls, each with the name it is given.
    """

    text: str
    kind: Kind
    part: Part = field(repr=False, compare=False)
    columns: frozenset[str] = field(repr=False, compare=False, default=frozenset())
    calls: frozenset[tuple[str, str]] = field(repr=False, compare=False, default=frozenset())

    @property
    def sql(self) -> str:
        return self.part.sql

    def of(self, rows: Rows) -> pa.Array:
        """Its value in each row, NULL included."""
        value = rows.value(self.part)
        if isinstance(value, pa.Scalar):
            return pa.repeat(value.cast(ARROW[self.kind]), len(rows))
        return value.cast(ARROW[self.kind])


def expression(
    text: str, columns: Columns, functions: Functions | None = None, *, kind: Kind
) -> Expression:
    """Parse and check; raises InputError naming the part that is not allowed, known or typed."""
    if len(text) > LONGEST:
        raise InputError(f"an expression of {len(text)} characters; {LONGEST} are the most")
    writer = Writer(columns, functions or {})
    try:
        part = writer.write(sqlglot.parse_one(text, dialect="duckdb"))
    except SqlglotError as error:
        raise InputError(f"{text!r} is no expression: {str(error).splitlines()[0]}") from error
    except RecursionError:
        raise InputError("an expression within too many others") from None
    if part.kind not in (kind, None):
        raise InputError(f"{text!r} is a {part.kind}, not a {kind}")
    return Expression(text, kind, part, frozenset(writer.columns), frozenset(writer.calls))


COMPARISONS: Mapping[type[Any], Operator] = {
    exp.EQ: Operator("=", pc.equal),
    exp.NEQ: Operator("<>", pc.not_equal),
    exp.LT: Operator("<", pc.less),
    exp.LTE: Operator("<=", pc.less_equal),
    exp.GT: Operator(">", pc.greater),
    exp.GTE: Operator(">=", pc.greater_equal),
}
SUMS: Mapping[type[Any], Operator] = {
    exp.Add: Operator("+", pc.add),
    exp.Sub: Operator("-", pc.subtract),
    exp.Mul: Operator("*", pc.multiply),
}
JOINS: Mapping[type[Any], Operator] = {
    exp.And: Operator("AND", pc.and_kleene),
    exp.Or: Operator("OR", pc.or_kleene),
}


class Writer:
    """Writes one tree anew, and remembers what it reads."""

    def __init__(self, columns: Columns, functions: Functions) -> None:
        self._known = columns
        self._functions = functions
        self.columns: set[str] = set()
        self.calls: set[tuple[str, str]] = set()

    def write(self, node: Any) -> Part:
        for family, write in WRITERS:
            if isinstance(node, family):
                return write(self, node)
        raise InputError(f"{shown(node)!r} is not allowed here")

    def need(self, node: Any, kind: Kind) -> Part:
        part = typed(self.write(node), kind)
        if part.kind is not kind:
            raise InputError(f"{shown(node)!r} is a {part.kind}, where a {kind} is needed")
        return part

    def alike(self, *nodes: Any) -> list[Part]:
        """All of them, which must be of one kind; NULL is of any."""
        parts = [self.write(node) for node in nodes]
        kinds = {part.kind for part in parts if part.kind}
        if len(kinds) > 1:
            all_of = " and ".join(repr(shown(node)) for node in nodes)
            raise InputError(f"{all_of} cannot be compared: {' and '.join(sorted(kinds))}")
        return [typed(part, kind) for part in parts for kind in kinds] or parts

    def column(self, node: exp.Column) -> Part:
        name = node.name
        if node.table or name not in self._known:
            known = ", ".join(self._known)
            raise InputError(f"there is no column {shown(node)!r}; known: {known}")
        self.columns.add(name)
        return column_part(name, self._known[name])

    def call(self, node: exp.Func) -> Part:
        name, arguments = str(node.name).lower(), node.expressions
        kind = self._functions.get(name)
        one = arguments[0] if len(arguments) == 1 else None
        if kind is None or not isinstance(one, exp.Literal) or not one.is_string:
            known = ", ".join(f"{known}('…')" for known in self._functions) or "none"
            raise InputError(f"{shown(node)!r} is not allowed here; functions: {known}")
        if not CALLED.fullmatch(str(one.this)):
            raise InputError(f"{shown(node)!r}: names are of letters, digits and _ . / -")
        self.calls.add((name, str(one.this)))
        return column_part(column_of(name, str(one.this)), kind)


def typed(part: Part, kind: Kind) -> Part:
    """NULL as one of that kind; anything else as it is."""
    return constant("NULL", kind, None) if part.kind is None else part


def comparable(writer: Writer, *nodes: Any) -> list[Part]:
    """All of them, of one kind; NULL alone as a number."""
    return [typed(part, Kind.NUMBER) for part in writer.alike(*nodes)]


def joined(writer: Writer, node: exp.Connector) -> Part:
    left, right = (writer.need(side, Kind.TRUTH) for side in (node.left, node.right))
    return both(JOINS[type(node)], left, right, Kind.TRUTH)


def compared(writer: Writer, node: exp.Binary) -> Part:
    left, right = comparable(writer, node.left, node.right)
    return both(COMPARISONS[type(node)], left, right, Kind.TRUTH)


def computed(writer: Writer, node: exp.Binary) -> Part:
    left, right = (writer.need(side, Kind.NUMBER) for side in (node.left, node.right))
    return both(SUMS[type(node)], left, right, Kind.NUMBER)


def divided(writer: Writer, node: exp.Div) -> Part:
    """NULL where the divisor is 0."""
    left, right = (writer.need(side, Kind.NUMBER) for side in (node.left, node.right))
    some = single("nullif({}, 0e0)", not_zero, right, Kind.NUMBER)
    return both(Operator("/", pc.divide), left, some, Kind.NUMBER)


def not_zero(value: Any) -> Any:
    return pc.if_else(pc.equal(value, 0.0), pa.scalar(None, pa.float64()), value)


def negated(writer: Writer, node: exp.Not) -> Part:
    part = writer.need(node.this, Kind.TRUTH)
    return single("(NOT {})", pc.invert, part, Kind.TRUTH)


def number_of(
    sql: str, compute: Callable[[Any], Any]
) -> Callable[[Writer, exp.Unary | exp.Func], Part]:
    def write(writer: Writer, node: exp.Unary | exp.Func) -> Part:
        return single(sql, compute, writer.need(node.this, Kind.NUMBER), Kind.NUMBER)

    return write


def nothing_or(writer: Writer, node: exp.Is) -> Part:
    if not isinstance(node.expression, exp.Null):
        raise InputError(f"{shown(node)!r} is not allowed here: IS takes NULL alone")
    return single("({} IS NULL)", pc.is_null, writer.write(node.this), Kind.TRUTH)


def between(writer: Writer, node: exp.Between) -> Part:
    value, low, high = comparable(writer, node.this, node.args["low"], node.args["high"])
    above = both(COMPARISONS[exp.GTE], value, low, Kind.TRUTH)
    below = both(COMPARISONS[exp.LTE], value, high, Kind.TRUTH)
    return both(JOINS[exp.And], above, below, Kind.TRUTH)


def within(writer: Writer, node: exp.In) -> Part:
    """One comparison for each of the list, so that NULL is what it is in SQL."""
    if not node.expressions:
        raise InputError(f"{shown(node)!r}: in what?")
    value, *listed = comparable(writer, node.this, *node.expressions)
    found = [both(COMPARISONS[exp.EQ], value, one, Kind.TRUTH) for one in listed]

    def compute(rows: Rows) -> Any:
        return reduce(pc.or_kleene, (rows.value(one) for one in found))

    return Part(f"({' OR '.join(one.sql for one in found)})", Kind.TRUTH, compute)


def first_known(writer: Writer, node: exp.Coalesce) -> Part:
    parts = writer.alike(node.this, *node.expressions)

    def compute(rows: Rows) -> Any:
        return pc.coalesce(*(rows.value(part) for part in parts))

    return Part(f"coalesce({', '.join(part.sql for part in parts)})", parts[0].kind, compute)


def literal(_: Writer, node: exp.Literal) -> Part:
    if node.is_string:
        text = safe_text(node)
        return constant("'" + text.replace("'", "''") + "'", Kind.TEXT, text)
    number = float(node.this)
    if not math.isfinite(number):
        raise InputError(f"{node.this} is too large")
    return constant(f"CAST({number!r} AS DOUBLE)", Kind.NUMBER, number)


WRITERS: tuple[tuple[Any, Callable[[Writer, Any], Part]], ...] = (
    (exp.Paren, lambda writer, node: writer.write(node.this)),
    (exp.Connector, joined),
    (tuple(COMPARISONS), compared),
    (tuple(SUMS), computed),
    (exp.Div, divided),
    (exp.Not, negated),
    (exp.Neg, number_of("(- {})", pc.negate)),
    (exp.Abs, number_of("abs({})", pc.abs)),
    (exp.Is, nothing_or),
    (exp.In, within),
    (exp.Between, between),
    (exp.Coalesce, first_known),
    (exp.Literal, literal),
    (exp.Null, lambda *_: constant("NULL", None, None)),
    (exp.Boolean, lambda _, node: constant(str(node.this).upper(), Kind.TRUTH, bool(node.this))),
    (exp.Column, Writer.column),
    (exp.Anonymous, Writer.call),
)


def safe_text(node: exp.Literal) -> str:
    text = str(node.this)
    if BACKSLASH in text or not text.isprintable():
        raise InputError(f"{text!r}: texts hold no backslashes and no control characters")
    return text


def shown(node: Any) -> str:
    """A part of an expression for a message."""
    return str(node.sql(dialect="duckdb")) if isinstance(node, exp.Expression) else str(node)
