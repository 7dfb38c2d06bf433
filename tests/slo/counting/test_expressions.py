"""Expressions: what is refused, and that Arrow and two databases agree on what they mean."""

from collections.abc import Mapping
from typing import Any

import chdb
import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framegate.slo.counting.expressions import RelationRows, ValueKind, parse_expression
from framegate.telemetry.platform.errors import InputError
from tests.volume import examples

COLUMNS: Mapping[str, ValueKind] = {
    "a": ValueKind.NUMBER,
    "n": ValueKind.NUMBER,
    "s": ValueKind.TEXT,
    "b": ValueKind.TRUTH,
}
FUNCTIONS: Mapping[str, ValueKind] = {"score": ValueKind.NUMBER}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("s LIKE '%a'", "is not allowed here"),
        ("s = 5", "cannot be compared"),
        ("a", "is a number, not a condition"),
        ("SELECT 1", "not allowed"),
        ("a > 1; DROP TABLE jobs", "not allowed"),
        ("EXISTS(SELECT 1)", "not allowed"),
        ("a IN (SELECT 1)", "IN needs a list"),
        ("a::int > 1", "not allowed"),
        ("x > 1", "unknown column 'x'; known: a, n, s, b"),
        ("main.a > 1", "unknown column"),
        ("sleep(1) > 1", r"functions: score\('…'\)"),
        ("read_csv('/etc/passwd') = s", "not allowed"),
        ("score(a) > 1", "not allowed"),
        ("score('x'' OR 1') > 1", "names may have letters"),
        ("s = '\\'", "backslashes and control characters are not allowed"),
        ("s = 'a\nb'", "control characters are not allowed"),
        ("a > 1e999", "too large"),
        ("CASE WHEN b THEN b END", "not allowed"),
        ("$1 > 2", "not allowed"),
        ("a > ?", "not allowed"),
        ("", "not a valid expression"),
        ("b AND", "not a valid expression"),
        ("b IS TRUE", "IS must be followed by NULL"),
        ("(" * 1500 + "b" + ")" * 1500, "nested too deeply|not a valid expression"),
        ("b" + " AND b" * 1000, "characters"),
    ],
)
def test_what_is_no_condition_over_known_columns_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_expression(text, COLUMNS, FUNCTIONS, kind=ValueKind.TRUTH)


def test_what_it_reads_is_known() -> None:
    found = parse_expression(
        "score('x_v1') > a AND s = 'y'", COLUMNS, FUNCTIONS, kind=ValueKind.TRUTH
    )
    assert found.columns == {"a", "s"}
    assert found.calls == {("score", "x_v1")}


NUMBERS = st.sampled_from(["a", "n", "0", "1", "2.5", "-1", "NULL"])
TEXTS = st.sampled_from(["s", "'x'", "'it''s'", "''"])
SIGNS = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])


def sums(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, parts, st.sampled_from("+-*/"), parts),
        st.builds("(- {})".format, parts),
        st.builds("abs({})".format, parts),
        st.builds("coalesce({}, {})".format, parts, parts),
    )


NUMERIC = st.recursive(NUMBERS, sums, max_leaves=4)
SIMPLE = st.one_of(
    st.sampled_from(["b", "TRUE", "FALSE", "NULL"]),
    st.builds("{} {} {}".format, NUMERIC, SIGNS, NUMERIC),
    st.builds("{} {} {}".format, TEXTS, SIGNS, TEXTS),
    st.builds("{} BETWEEN {} AND {}".format, NUMERIC, NUMERIC, NUMERIC),
    st.builds("{} IN ({}, {})".format, TEXTS, TEXTS, TEXTS),
    st.builds("{} NOT IN ({}, {})".format, NUMERIC, NUMERIC, NUMERIC),
    st.builds("{} IS NULL".format, st.one_of(NUMERIC, TEXTS)),
    st.builds("{} IS NOT NULL".format, st.one_of(NUMERIC, TEXTS)),
)
CONDITIONS = st.recursive(
    SIMPLE,
    lambda parts: st.one_of(
        st.builds("({}) {} ({})".format, parts, st.sampled_from(["AND", "OR"]), parts),
        st.builds("NOT ({})".format, parts),
    ),
    max_leaves=6,
)
VALUES = [None, -1.0, 0.0, 1.0, 2.5]
ROWS = [
    {"a": a, "n": n, "s": s, "b": b}
    for a in VALUES
    for n in VALUES
    for s in (None, "x", "it's")
    for b in (None, True, False)
]
SCHEMA = pa.schema([("a", "float64"), ("n", "float64"), ("s", "string"), ("b", "bool")])
TABLE = pa.Table.from_pylist(ROWS, schema=SCHEMA)


@settings(max_examples=examples(300), deadline=None)
@given(CONDITIONS)
def test_arrow_and_duckdb_agree(text: str) -> None:
    found = parse_expression(text, COLUMNS, FUNCTIONS, kind=ValueKind.TRUTH)
    with duckdb.connect() as connection:
        connection.register("t", TABLE)
        answer = connection.sql(f"SELECT CAST({found.sql} AS BOOLEAN) AS it FROM t")  # noqa: S608 - checked
        assert found.evaluate(RelationRows(TABLE)).to_pylist() == [
            row[0] for row in answer.fetchall()
        ]


EXAMPLES = [
    "a > 1 AND NOT (n IS NULL) OR s IN ('x', 'y')",
    "coalesce(a, 0) / n >= 2.5",
    "a BETWEEN 0 AND n",
    "s NOT IN ('x', 'it''s') OR b",
    "- a + abs(n) * 2 < 3 AND (b OR s IS NULL)",
]


@pytest.mark.parametrize("text", EXAMPLES)
def test_clickhouse_agrees(text: str) -> None:
    found = parse_expression(text, COLUMNS, FUNCTIONS, kind=ValueKind.TRUTH)
    sql = f"SELECT CAST({found.sql} AS Nullable(Bool)) AS it FROM Python(TABLE)"  # noqa: S608 - checked
    ask: Any = chdb.query
    assert (
        found.evaluate(RelationRows(TABLE)).to_pylist()
        == ask(sql, "ArrowTable").column("it").to_pylist()
    )
