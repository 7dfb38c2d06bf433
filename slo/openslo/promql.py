"""Questions in PromQL, read before they are asked: what is no question is an error of its file."""

import re

import promql_parser
from promql_parser import AggregateExpr, Call, MatrixSelector, VectorSelector

from framegate.telemetry.platform.errors import InputError

WINDOW = re.compile(r"\{\{\s*\.window\s*\}\}")  # what Sloth replaces by each of its windows
MAX_CHARACTERS = 10_000
RATES = ("rate", "irate")
INCREASES = ("increase",)


def fill_window(text: str, window: str) -> str:
    """The question over one window."""
    return WINDOW.sub(window, text)


def has_window(text: str) -> bool:
    return bool(WINDOW.search(text))


def parse_promql(text: str) -> promql_parser.Expr:
    """The parsed question, its window any; raises InputError."""
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"a question of {len(text)} characters; {MAX_CHARACTERS} are the most")
    try:
        return promql_parser.parse(fill_window(text, "5m"))
    except ValueError as error:
        raise InputError(f"{text!r} is no PromQL: {error}") from error


def check_selector(text: str) -> str:
    """A selector of series, as it was written; raises InputError for anything else.

    Counters are added up only after each series' resets were seen, so a sum of them is refused.
    """
    found = parse_promql(text)
    if not isinstance(found, VectorSelector) or found.offset is not None or found.at is not None:
        raise InputError(
            f"{text!r} is no plain selector of series, which counters are counted by; "
            "with counter: false it can be any expression"
        )
    return text.strip()


def summed_selector(text: str) -> str | None:
    """The selector in ``sum(rate(selector[window]))``, the most usual of Sloth's questions."""
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
    """Whether the question has rates in it, and no increases."""
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
