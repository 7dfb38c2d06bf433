"""Check PromQL queries when a file is read, before they are sent to a server."""

import re

import promql_parser
from promql_parser import AggregateExpr, Call, MatrixSelector, VectorSelector

from framegate.telemetry.platform.errors import InputError

WINDOW = re.compile(r"\{\{\s*\.window\s*\}\}")  # Sloth replaces it by each of its windows
MAX_CHARACTERS = 10_000
RATES = ("rate", "irate")
INCREASES = ("increase",)


def fill_window(text: str, window: str) -> str:
    """The query over one window."""
    return WINDOW.sub(window, text)


def has_window(text: str) -> bool:
    return bool(WINDOW.search(text))


def parse_promql(text: str) -> promql_parser.Expr:
    """The parsed query, with any window filled in; raises InputError."""
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"query has {len(text)} characters, at most {MAX_CHARACTERS} are allowed")
    try:
        return promql_parser.parse(fill_window(text, "5m"))
    except ValueError as error:
        raise InputError(f"{text!r} is not valid PromQL: {error}") from error


def check_selector(text: str) -> str:
    """The text of a series selector; raises InputError for anything else.

    The resets of each series must be seen before counters are added, so a sum of them is refused.
    """
    found = parse_promql(text)
    if not isinstance(found, VectorSelector) or found.offset is not None or found.at is not None:
        raise InputError(
            f"{text!r} must be a plain series selector, because counters are counted from raw "
            "samples; with counter: false it can be any expression"
        )
    return text.strip()


def summed_selector(text: str) -> str | None:
    """The selector in ``sum(rate(selector[window]))``, the most common form in Sloth files."""
    found = parse_promql(text)
    if not isinstance(found, AggregateExpr) or str(found.op) != "sum" or found.modifier:
        return None
    inner = found.expr
    if not isinstance(inner, Call) or inner.func.name not in ("rate", "increase"):
        return None
    matrix = inner.args[0]
    if not isinstance(matrix, MatrixSelector):
        return None
    plain = matrix.vector_selector
    return None if plain.offset is not None or plain.at is not None else str(plain)


def is_per_second(text: str) -> bool:
    """Whether the query uses rates and no increases."""
    names = called_functions(parse_promql(text))
    return bool(names & set(RATES)) and not names & set(INCREASES)


def called_functions(found: promql_parser.Expr) -> set[str]:
    """The names of all functions that are called."""
    seen: set[str] = set()

    def note(one: promql_parser.Expr) -> bool:
        if isinstance(one, Call):
            seen.add(one.func.name)
        return True

    promql_parser.walk(found, note)
    return seen
