"""The objectives' state from a running collector."""

import time
from collections.abc import Sequence

import pyarrow as pa

from slo.evidence import Evidence
from slo.operate import Engine, NoEngineError
from slo.scoreboard import status_from
from slo.spec import Objective, default_objectives
from slo.status import SloStatus, statuses
from slo.tables import tallies_of
from telemetry.client import Answer, CollectorClient


def running(
    collector_url: str | None,
) -> tuple[tuple[SloStatus, ...], int | None]:
    """The objectives of the engine beside a collector; without one, ours over its answers."""
    try:
        found = Engine(collector_url).get("objectives")
    except NoEngineError:
        return judged(default_objectives(), collector_url)
    return tuple(status_from(one) for one in found["objectives"]), found["watermark_ns"]


def judged(
    objectives: Sequence[Objective], collector_url: str | None
) -> tuple[tuple[SloStatus, ...], int | None]:
    """Every objective's status, and how new the newest data is."""
    since_ns = first_ns(objectives, time.time_ns())
    with CollectorClient(collector_url) as client:
        # Scores first: a clip scored in between is then at worst not scored yet.
        scores = client.query("scores", since_ns=since_ns)
        jobs = client.query("jobs", since_ns=since_ns)
    found = statuses(objectives, evidence_of(objectives, jobs, scores.table))
    return found, jobs.watermark_ns


def evidence_of(objectives: Sequence[Objective], jobs: Answer, scores: pa.Table) -> Evidence:
    """What a collector's answers say of the objectives."""
    empty = Evidence({}, jobs.read_ns, jobs.watermark_ns)
    slis = [sli for objective in objectives for sli in objective.slis]
    tallies = tallies_of(slis, jobs.table, scores, end_ns=empty.end_ns)
    return Evidence(tallies, jobs.read_ns, jobs.watermark_ns)


def first_ns(objectives: Sequence[Objective], now_ns: int) -> int:
    """When the first of their windows began."""
    return min(item.window.around(now_ns)[0] for item in objectives)
