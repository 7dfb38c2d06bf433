"""The named queries: the only way to read the store from outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from telemetry.errors import InputError

FOLDER = Path(__file__).parent / "queries"
LATEST_NS = 2**63 - 1
ROW_LIMIT = 1_000_000

Value = str | int | None


@dataclass(frozen=True, slots=True)
class Query:
    """One named query; ``parameters`` maps each name to its default (None: any text)."""

    sql: str
    parameters: Mapping[str, Value]


TIMES: Mapping[str, Value] = {"since_ns": 0, "until_ns": LATEST_NS, "limit": ROW_LIMIT}
DECLARED: Mapping[str, Mapping[str, Value]] = {
    "jobs": {**TIMES, "state": None, "model": None, "job_id": None},
    "unscored": {"since_ns": 0, "limit": ROW_LIMIT},
    "scores": {**TIMES, "metric": None, "model": None, "job_id": None},
    "client_outcomes": TIMES,
    "spans": {**TIMES, "trace_id": None, "job_id": None},
    "metric_points": {**TIMES, "metric": None},
}
QUERIES = {
    name: Query((FOLDER / f"{name}.sql").read_text(), parameters)
    for name, parameters in DECLARED.items()
}


def bind(name: str, given: Mapping[str, str]) -> tuple[Query, dict[str, Value]]:
    """The named query and its parameters' values; raises InputError naming what is wrong."""
    if name not in QUERIES:
        raise InputError(f"query {name!r} is unknown; known: {', '.join(QUERIES)}")
    query = QUERIES[name]
    unknown = sorted(set(given) - set(query.parameters))
    if unknown:
        known = ", ".join(query.parameters)
        raise InputError(f"query {name!r} has no parameter {unknown[0]!r}; known: {known}")
    values = dict(query.parameters)
    values.update({key: parsed(key, text, values[key]) for key, text in given.items()})
    return query, values


def parsed(key: str, text: str, default: Value) -> Value:
    if not isinstance(default, int):
        return text
    try:
        number = int(text)
    except ValueError:
        raise InputError(f"parameter {key!r}: {text!r} is not a whole number") from None
    if not 0 <= number <= (ROW_LIMIT if key == "limit" else LATEST_NS):
        raise InputError(f"parameter {key!r}: {number} is out of range")
    return number
