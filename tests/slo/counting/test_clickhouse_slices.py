"""A made-up month counted by the engine and by ClickHouse, from the same rows."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import chdb
import pyarrow as pa
import pytest

from framegate.slo.counting.expressions import quote_identifier
from framegate.slo.counting.series import MinuteSpan
from framegate.slo.counting.sli import Sli
from framegate.slo.counting.slice_counter import SliceCounter
from framegate.telemetry.signals.names import EVENT_EVALUATION, EVENT_JOB_STATE
from framegate.telemetry.store.store import Store
from tests.slo.indicators import QUALITY, SUCCESS
from tests.slo.job_events import DAY, METRIC, MINUTE, SECOND, START, event, scored, send

JOBS, DAYS = 3_000, 30
END = START + DAYS * DAY + 5 * MINUTE

# Jobs folded from their events, as ClickHouse would do it over its own tables.
FOLD = f"""
SELECT
    job_id,
    minIf(event_time, name = '{EVENT_JOB_STATE}') AS submitted_ns,
    anyIf(workload, name = '{EVENT_JOB_STATE}') AS workload,
    argMaxIf(model, event_time, name = '{EVENT_JOB_STATE}') AS model,
    argMaxIf(
        state,
        (multiIf(state = 'queued', 0, state = 'processing', 1, 4), event_time),
        name = '{EVENT_JOB_STATE}'
    ) AS state,
    argMaxIf(value, event_time, name = '{EVENT_EVALUATION}' AND metric = '{METRIC}')
        AS {quote_identifier(f"score:{METRIC}")}
FROM Python(EVENTS)
GROUP BY job_id
"""  # noqa: S608 - constants


def month() -> list[dict[str, Any]]:
    """Jobs of thirty days: some fail, some are cancelled, some never end, some are scored."""
    generator = random.Random(11)
    rows: list[dict[str, Any]] = []
    for number in range(JOBS):
        begun = START + generator.randrange(DAYS * DAY)
        about = {
            "model": generator.choice(["m1", "m2", "m3"]),
            "workload": generator.choice(["interactive", "batch"]),
        }
        end = generator.choice(["complete"] * 6 + ["failed", "cancelled", "processing"])
        for step, state in enumerate(("queued", "processing", end)):
            late = step * generator.randrange(1, 200) * SECOND
            rows.append(event(f"j{number}", state, begun + late, **about))
        if generator.random() < 0.6:
            value = generator.choice([0.8, 0.85, 0.9, None])
            rows.append(scored(f"j{number}", value, begun + 500 * SECOND))
    generator.shuffle(rows)
    return rows


def clickhouse_counts(rows: list[dict[str, Any]], sli: Sli) -> Counter[tuple[int, str, str]]:
    """How many rows of each minute and model came to what, by ClickHouse."""
    names = ("event_time", "name", "job_id", "state", "workload", "model", "metric", "value")
    schema = pa.schema(
        [(name, "int64" if name == "event_time" else "string") for name in names[:-1]]
        + [("value", "float64")]
    )
    EVENTS = pa.Table.from_pylist([{n: r.get(n) for n in names} for r in rows], schema=schema)  # noqa: N806 - chdb finds it by this name
    assert EVENTS.num_rows
    waits = "FALSE"
    if sli.pending:
        waits = sli.pending.sql
        if sli.deadline_ns:
            waits = f"{waits} AND submitted_ns >= {END - sli.deadline_ns}"
    excluded = sli.excluded.sql if sli.excluded else "FALSE"
    sql = f"""
    SELECT
        intDiv(submitted_ns, {MINUTE}) AS minute,
        assumeNotNull(model) AS of_model,
        multiIf(
            coalesce({excluded}, FALSE), 'excluded',
            coalesce({waits}, FALSE), 'unscored',
            coalesce({sli.good.sql}, FALSE), 'good',
            'bad'
        ) AS verdict,
        count() AS rows
    FROM ({FOLD})
    WHERE {sli.total.sql}
    GROUP BY minute, of_model, verdict
    """  # noqa: S608 - checked expressions
    ask: Any = chdb.query
    found = ask(sql, "ArrowTable").to_pylist()
    return Counter({(r["minute"], r["of_model"], r["verdict"]): r["rows"] for r in found})


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return month()


def test_the_engine_and_clickhouse_count_the_same(
    tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    store = Store(tmp_path / "store")
    engine = SliceCounter(store.stream_rows, horizon_ns=(DAYS + 1) * DAY)
    store.committed_rows.add(engine.commit_log.record_rows)
    engine.follow([SUCCESS, QUALITY], end_ns=START)
    for first in range(0, len(rows), 2_000):
        send(store, rows[first : first + 2_000])
        engine.tick(end_ns=END)
    by_model = clickhouse_counts(rows, SUCCESS)
    assert sum(by_model.values()) > JOBS / 3
    assert {verdict for _, _, verdict in by_model} == {"good", "bad", "excluded"}
    for (minute, model, verdict), count in by_model.items():
        series = engine.tally(SUCCESS).groups[(model,)]
        assert getattr(series.counts_over(MinuteSpan(minute, minute + 1)), verdict) == count
    for sli in (SUCCESS, QUALITY):
        theirs = Counter[str]()
        for (_, _, verdict), count in clickhouse_counts(rows, sli).items():
            theirs[verdict] += count
        ours = engine.tally(sli).whole.counts_over(MinuteSpan(0, END // MINUTE + 1))
        for verdict in ("good", "bad", "unscored", "excluded"):
            assert getattr(ours, verdict) == theirs[verdict]
    engine.close()
    store.close()
