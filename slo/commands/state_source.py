"""The state of objectives: from the engine beside a collector, or counted from stored jobs."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from framegate.slo.commands.client import SloClient, read_texts
from framegate.slo.counting.job_tallies import tally_jobs
from framegate.slo.counting.prometheus_followers import FollowedIndicator
from framegate.slo.counting.prometheus_indicator import PrometheusIndicator
from framegate.slo.counting.relations import Relation
from framegate.slo.counting.series import IndicatorTally
from framegate.slo.counting.sli import Sli
from framegate.slo.judging.status import (
    SloEvidence,
    SloState,
    SloStatus,
    status,
    status_from,
    status_json,
)
from framegate.slo.objectives.objective import Objective, default_objectives, load_objectives
from framegate.telemetry.client.collector_client import CollectorClient, NoEngineError

StatusDocument = Mapping[str, Any]


def fetch_statuses(collector_url: str | None) -> StatusDocument:
    """The engine's statuses; without an engine, the built-in objectives over the stored jobs."""
    try:
        return SloClient(collector_url).get("objectives")
    except NoEngineError:
        return judge_stored_jobs(default_objectives(), collector_url)


def judge_files(specs: Sequence[Path], collector_url: str | None) -> StatusDocument:
    """The statuses of the objectives in files."""
    try:
        return SloClient(collector_url).post_review("judgements", {"documents": read_texts(specs)})
    except NoEngineError:
        return judge_stored_jobs(load_objectives(specs), collector_url)


def statuses_of(found: StatusDocument) -> tuple[SloStatus, ...]:
    return tuple(status_from(one) for one in found["objectives"])


def judge_stored_jobs(objectives: Sequence[Objective], collector_url: str | None) -> StatusDocument:
    """Statuses from the queries for jobs and scores, for a store without an engine."""
    since_ns = min(item.window.bounds_at(time.time_ns())[0] for item in objectives)
    with CollectorClient(collector_url) as client:
        # Scores first: a clip that is scored between the two queries is then pending, not bad.
        scores = client.query("scores", since_ns=since_ns)
        jobs = client.query("jobs", since_ns=since_ns)
    empty = SloEvidence({}, jobs.read_ns, jobs.watermark_ns)
    slis = [sli for one in objectives if counts_jobs(one) for sli in one.slis]
    tallies = tally_jobs(slis, jobs.table, scores.table, end_ns=empty.end_ns)
    evidence = SloEvidence(tallies, jobs.read_ns, jobs.watermark_ns)
    found = list(statuses_from_jobs(objectives, evidence))
    return {
        "watermark_ns": jobs.watermark_ns,
        "objectives": [status_json(one) for one in found],
        "faults": {},
    }


def statuses_from_jobs(
    objectives: Sequence[Objective], evidence: SloEvidence
) -> Iterator[SloStatus]:
    """Statuses of objectives over jobs; any other objective is a gap: only jobs are read."""
    for one in objectives:
        if counts_jobs(one):
            yield status(one, evidence)
        else:
            nothing = {sli: IndicatorTally() for sli in one.slis if isinstance(sli, Sli)}
            followed = {
                sli: FollowedIndicator() for sli in one.slis if isinstance(sli, PrometheusIndicator)
            }
            unknown = replace(evidence, tallies=nothing, followed=followed)
            yield replace(status(one, unknown), state=SloState.GAP)


def counts_jobs(objective: Objective) -> bool:
    return all(isinstance(sli, Sli) and sli.relation is Relation.JOBS for sli in objective.slis)
