"""Jobs and scores as a collector answers them, and what objectives make of them."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any

import pyarrow as pa

from framegate.slo.commands.state_source import counts_jobs
from framegate.slo.counting.job_tallies import tally_jobs
from framegate.slo.counting.series import Series
from framegate.slo.judging.status import SloEvidence
from framegate.slo.objectives.components import Component, ObjectiveSeries, objective_target
from framegate.slo.objectives.error_budget import Budgeting
from framegate.slo.objectives.objective import Objective, default_objectives
from framegate.telemetry.client.records import Job, Score
from framegate.telemetry.signals.names import JobState, Workload

SECOND, MINUTE = 10**9, 60 * 10**9
NOW = 1000 * MINUTE
OF_JOBS = Budgeting()
METRIC = "ssim_wang_rgb_v1"
BY_NAME = {one.name: one for one in default_objectives() if counts_jobs(one)}
INTEGERS = ("submitted_ns", "started_ns", "finished_ns", "updated_ns", "seed", "width", "height")
REALS = ("fps", "duration_seconds", "ttfp_seconds", "value", "minimum", "maximum")


def job(
    name: str = "j",
    *,
    state: JobState = JobState.COMPLETE,
    at: int = NOW - MINUTE,
    ttfp: float | None = None,
    workload: Workload = Workload.INTERACTIVE,
) -> Job:
    return Job(
        job_id=name,
        trace_id="t",
        span_id=None,
        tenant=None,
        workload=workload.value,
        model="m",
        prompt_id=None,
        prompt=None,
        seed=None,
        width=None,
        height=None,
        fps=None,
        duration_seconds=None,
        steps=None,
        state=state.value,
        error_type=None,
        submitted_ns=at,
        started_ns=None,
        finished_ns=None,
        updated_ns=at,
        ttfp_seconds=ttfp,
        clip_url=None,
        reference_url=None,
    )


def measured(*series: Series, target: Decimal, budgeting: Budgeting = OF_JOBS) -> ObjectiveSeries:
    """Counts against a target; several are parts with that target each."""
    sli = BY_NAME["interactive-success"].slis[0]
    parts = tuple(
        Component(f"part-{number}", sli, target, budgeting) for number in range(len(series))
    )
    return ObjectiveSeries(parts, series, objective_target(parts))


def score(value: float | None, name: str = "j", metric: str = METRIC) -> Score:
    return Score(name, "t", NOW, "interactive", "m", None, None, metric, value, None, None, 1, None)


def evidence(
    objectives: Sequence[Objective],
    jobs: Sequence[Job],
    scores: Sequence[Score] = (),
    *,
    watermark_ns: int | None = NOW,
) -> SloEvidence:
    end_ns = NOW if watermark_ns is None else min(NOW, watermark_ns)
    slis = [sli for objective in objectives for sli in objective.slis]
    tallies = tally_jobs(slis, table(Job, jobs), table(Score, scores), end_ns=end_ns)
    return SloEvidence(tallies, NOW, watermark_ns)


def table(kind: type[Job] | type[Score], rows: Sequence[Any]) -> pa.Table:
    """Records as the collector's queries have them."""
    types = [
        pa.int64() if name in INTEGERS else pa.float64() if name in REALS else pa.string()
        for name in (field.name for field in fields(kind))
    ]
    schema = pa.schema(list(zip((field.name for field in fields(kind)), types, strict=True)))
    whole = {"steps": pa.int64(), "frames": pa.int64(), "scored_ns": pa.int64()}
    for name, of_kind in whole.items():
        if name in schema.names:
            schema = schema.set(schema.get_field_index(name), pa.field(name, of_kind))
    return pa.Table.from_pylist([asdict(row) for row in rows], schema=schema)
