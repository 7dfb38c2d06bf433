"""The SLO engine on a month of jobs, beside slo-generator and a real Prometheus, in one run.

``python -m bench.slo``
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
import typer

from bench.sides import Row, ratio, row, show
from framegate.slo.alerting.evaluation import evaluate_alerts
from framegate.slo.counting.expressions import Expression, ValueKind, parse_expression
from framegate.slo.counting.relations import JOB_COLUMNS, JOB_FUNCTIONS, Relation
from framegate.slo.counting.series import MinuteSpan
from framegate.slo.counting.sli import Sli
from framegate.slo.counting.slice_counter import SliceCounter
from framegate.slo.judging.status import SloEvidence, statuses
from framegate.slo.objectives.alert_rules import AlertRule, standard_conditions
from framegate.slo.objectives.components import Component
from framegate.slo.objectives.objective import Objective
from framegate.slo.openslo.fields import TimeWindow
from framegate.telemetry.otlp.bodies import Signal
from framegate.telemetry.otlp.rows import EVENT_SCHEMA, DecodedRows
from framegate.telemetry.platform.clock import (
    DAY_MINUTES,
    DAY_NS,
    DAY_SECONDS,
    MINUTE_NS,
    SECOND_NS,
)
from framegate.telemetry.store.database import open_database
from framegate.telemetry.store.store import Store
from tests.prometheus import Prometheus, program_of, running_prometheus
from tests.slo.peers import report

EVENTS_PER_JOB = 5
DAYS = 30
OPEN = "state IN ('queued', 'processing', 'encoded', 'uploaded')"
WINDOWS_MINUTES = (5, 30, 60, 120, 360, 1440, 4320, 43_200)
TICKS, LOOKS, STARTS = 40, 20, 3
TARGET = Decimal("0.99")

# Five events to a job, one job after the other over thirty days, a hundredth of them failing.
FILL = """
INSERT INTO events BY NAME
SELECT
    make_timestamp_ns($first + (job * ($days::HUGEINT * 86400000000000) // $jobs)::BIGINT
        + step * 3000000000) AS event_time,
    event_time AS observed_time,
    md5(job::VARCHAR) AS trace_id,
    'bench' AS service,
    'video.job.state' AS name,
    9 AS severity,
    'job-' || job AS job_id,
    CASE WHEN step = 4 AND job % 100 = 7 THEN 'failed'
    ELSE ['queued', 'processing', 'encoded', 'uploaded', 'complete'][step + 1] END AS state,
    ['realtime', 'interactive', 'batch'][job % 3 + 1] AS workload,
    'tenant-' || (job % 7) AS tenant,
    'model-' || (job % 4) AS model,
    640 AS width,
    360 AS height,
    CASE WHEN step = 4 THEN 0.5 + (job % 200) / 100.0 END AS ttfp_seconds
FROM range($jobs) AS jobs(job), range(5) AS steps(step)
"""


def objectives(count: int) -> list[Objective]:
    """Success and time to first playable of every class, with this and that limit, by model."""
    window = TimeWindow.model_validate({"duration": f"{DAYS}d", "isRolling": True})
    rules = tuple(AlertRule(condition) for condition in standard_conditions(DAYS * DAY_SECONDS))
    return [
        Objective(
            name=f"bench-{number}",
            service="bench",
            description="",
            labels={},
            parts=(Component("bench", indicator(number), TARGET),),
            target=TARGET,
            window=window,
            rules=rules,
            by_group=False,
            owner="bench",
            runbook="bench",
            reason="bench",
        )
        for number in range(count)
    ]


def indicator(number: int) -> Sli:
    workload = ("realtime", "interactive", "batch")[number % 3]
    limit = 1 + number // 6 / 8
    good = "state = 'complete'" if number % 2 else f"ttfp_seconds <= {limit}"
    return Sli(
        Relation.JOBS,
        total=truth(f"workload = '{workload}'"),
        good=truth(good),
        pending=truth(OPEN),
        excluded=truth("state = 'cancelled'"),
        deadline_ns=(number + 1) * 60 * SECOND_NS,
        groups=("model",),
    )


def truth(text: str) -> Expression:
    return parse_expression(text, JOB_COLUMNS, JOB_FUNCTIONS, kind=ValueKind.TRUTH)


def fill(folder: Path, jobs: int, first_ns: int) -> None:
    database = open_database(folder)
    database.execute(FILL, {"first": first_ns, "days": DAYS, "jobs": jobs})
    database.execute("CHECKPOINT")
    database.close()


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def new_events(number: int, at_ns: int) -> pa.Table:
    """What comes in five seconds: five jobs that begin, and five that end."""
    rows = [
        {
            "event_time": at_ns,
            "observed_time": at_ns,
            "trace_id": "t",
            "service": "bench",
            "name": "video.job.state",
            "severity": 9,
            "job_id": f"new-{number - age}-{job}",
            "state": state,
            "workload": "interactive",
            "model": "model-1",
            "attributes": "{}",
            "origin_id": 1,
        }
        for age, state in ((0, "queued"), (1, "complete"))
        for job in range(5)
    ]
    return pa.Table.from_pylist(rows, schema=EVENT_SCHEMA)


def starts(
    store: Store, asked: Sequence[Objective], end_ns: int
) -> tuple[SliceCounter, list[float]]:
    """Building everything from the stored events, several times; the last engine stays."""
    seconds: list[float] = []
    slis = [indicator(number) for number in range(len(asked))]
    while True:
        engine = SliceCounter(store.stream_rows, horizon_ns=(DAYS + 1) * DAY_NS)
        began = time.perf_counter()
        engine.follow(slis, end_ns=end_ns)
        seconds.append(time.perf_counter() - began)
        if len(seconds) == STARTS:
            return engine, seconds
        engine.close()


def ticks(store: Store, engine: SliceCounter, end_ns: int) -> Iterator[float]:
    store.committed_rows.add(engine.commit_log.record_rows)
    for number in range(TICKS):
        end_ns += 5 * SECOND_NS
        rows = DecodedRows(new_events(number, end_ns))
        store.append(Signal.LOGS, rows, digest=os.urandom(32)).result()
        began = time.perf_counter()
        engine.tick(end_ns=end_ns)
        yield time.perf_counter() - began


def looks(asked: Sequence[Objective], evidence: SloEvidence) -> Iterator[float]:
    """Every window and budget of every objective, and all of their alerts."""
    for _ in range(LOOKS):
        began = time.perf_counter()
        by_name = {status.name: status for status in statuses(asked, evidence)}
        list(evaluate_alerts(asked, evidence, by_name, {}))
        yield time.perf_counter() - began


def slo_generators(asked: Sequence[Objective], evidence: SloEvidence) -> Iterator[float]:
    """The same windows through slo-generator, which is handed their counts."""
    last = evidence.end_ns // MINUTE_NS + 1
    counts = [
        evidence.objective_series(objective).counts(MinuteSpan(last - minutes, last))
        for objective in asked
        for minutes in WINDOWS_MINUTES
    ]
    for _ in range(LOOKS):
        began = time.perf_counter()
        for one in counts:
            report(good=one.good, bad=one.bad, goal=float(TARGET))
        yield time.perf_counter() - began


def openmetrics(asked: Sequence[Objective], evidence: SloEvidence, path: Path) -> None:
    """The counters of every objective as they would have been scraped every minute."""
    last = evidence.end_ns // MINUTE_NS + 1
    span = MinuteSpan(last - DAYS * DAY_MINUTES, last)
    with path.open("w") as file:
        file.write("# TYPE framegate_slo_events counter\n")
        for objective in asked:
            counts = evidence.objective_series(objective).series[0].parts(span, 1)
            for column, verdict in enumerate(("good", "bad")):
                name = f'framegate_slo_events_total{{slo="{objective.name}",verdict="{verdict}"}}'
                values = np.cumsum(counts[:, column]).tolist()
                file.writelines(
                    f"{name} {value} {(span.first + number + 1) * 60}\n"
                    for number, value in enumerate(values)
                )
        file.write("# EOF\n")


def prometheus_seconds(
    prometheus: Prometheus, asked: Sequence[Objective], evidence: SloEvidence
) -> float:
    """The same windows asked of Prometheus: one query for each window, for all objectives."""
    began = time.perf_counter()
    for minutes in WINDOWS_MINUTES:
        of = "increase(framegate_slo_events_total"
        found = prometheus.get(
            "query",
            query=f'sum by (slo) ({of}{{verdict="bad"}}[{minutes}m])) '
            f"/ sum by (slo) ({of}[{minutes}m]))",
            time=(evidence.end_ns // MINUTE_NS + 1) * 60,
        )
        assert len(found["result"]) == len(asked)
    return time.perf_counter() - began


def prometheus_side(asked: Sequence[Objective], evidence: SloEvidence, folder: Path) -> list[float]:
    text = folder / "month.om"
    openmetrics(asked, evidence, text)
    data = folder / "prometheus" / "data"
    data.mkdir(parents=True)
    command = [program_of("promtool"), "tsdb", "create-blocks-from", "--max-block-duration=1024h"]
    subprocess.run([*command, "openmetrics", str(text), str(data)], check=True, capture_output=True)
    text.unlink()
    with running_prometheus(folder / "prometheus", {}) as prometheus:
        prometheus_seconds(prometheus, asked, evidence)
        return [prometheus_seconds(prometheus, asked, evidence) for _ in range(5)]


def main(
    events: Annotated[int, typer.Option(help="Job events stored.")] = 10_000_000,
    slos: Annotated[int, typer.Option(help="Objectives.")] = 50,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Cold start, ticks, all windows, memory; and the peers on the same counts."""
    asked = objectives(slos)
    first_ns = time.time_ns() // DAY_NS * DAY_NS - DAYS * DAY_NS
    folder = Path(tempfile.mkdtemp())
    rows: list[Row] = []
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        tell("filling the store")
        fill(folder / "store", events // EVENTS_PER_JOB, first_ns)
        store = Store(folder / "store")
        stack.callback(store.close)
        end_ns = store.watermark_ns or 0
        before_mb = resident_mb()
        tell("cold starts")
        engine, cold = starts(store, asked, end_ns)
        stack.callback(engine.close)
        rows.append(row("start from the events", "s", cold))
        rows.append(row("memory after it", "MB", [resident_mb() - before_mb]))
        rows.append(row("of which series", "MB", [engine.size_bytes / 1e6]))
        tell("ticks")
        ticked = list(ticks(store, engine, end_ns))
        rows.append(row("tick with 10 new events", "ms", ticked, scale=1e3))
        evidence = SloEvidence(engine.tallies, end_ns, end_ns, engine.presence)
        tell("windows")
        ours = list(looks(asked, evidence))
        rows.append(row("all windows, budgets and alerts", "ms", ours, scale=1e3))
        theirs = list(slo_generators(asked, evidence))
        rows.append(row("slo-generator, handed the counts", "ms", theirs, scale=1e3))
        rows.append(ratio("slo-generator / ours", theirs, ours))
        tell("Prometheus")
        asked_seconds = prometheus_side(asked, evidence, folder)
        rows.append(row("Prometheus, the same windows", "ms", asked_seconds, scale=1e3))
        median = [float(np.median(ours))] * len(asked_seconds)
        rows.append(ratio("Prometheus / ours", asked_seconds, median))
    show(f"{events:,} job events, {DAYS} days, {slos} objectives", rows, as_json=as_json)


def tell(what: str) -> None:
    sys.stderr.write(f"{what} …\n")


if __name__ == "__main__":
    typer.run(main)
