"""The objectives' state: from the engine beside a collector, or over the answers of a store."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from framegate.slo.commands.client import Engine, NoEngineError, texts_of
from framegate.slo.counting.job_tallies import tallies_of
from framegate.slo.counting.prometheus_followers import Followed
from framegate.slo.counting.prometheus_indicator import Asked
from framegate.slo.counting.relations import Relation
from framegate.slo.counting.sli import Sli
from framegate.slo.counting.tallies import Tally
from framegate.slo.judging.evidence import Evidence
from framegate.slo.judging.status import SloStatus, State, status, status_from, status_json
from framegate.slo.objectives.objective import Objective, default_objectives, load_objectives
from framegate.telemetry.client.collector_client import CollectorClient

Found = Mapping[str, Any]


def running(collector_url: str | None) -> Found:
    """What the engine beside a collector judges; where there is none, ours over its answers."""
    try:
        return Engine(collector_url).get("objectives")
    except NoEngineError:
        return answered(default_objectives(), collector_url)


def judged(specs: Sequence[Path], collector_url: str | None) -> Found:
    """How the objectives of files would stand."""
    try:
        return Engine(collector_url).review("judgements", {"documents": texts_of(specs)})
    except NoEngineError:
        return answered(load_objectives(specs), collector_url)


def statuses_of(found: Found) -> tuple[SloStatus, ...]:
    return tuple(status_from(one) for one in found["objectives"])


def answered(objectives: Sequence[Objective], collector_url: str | None) -> Found:
    """Judged from jobs and scores, as a store without an engine has them."""
    since_ns = min(item.window.around(time.time_ns())[0] for item in objectives)
    with CollectorClient(collector_url) as client:
        # Scores first: a clip scored in between is then at worst not scored yet.
        scores = client.query("scores", since_ns=since_ns)
        jobs = client.query("jobs", since_ns=since_ns)
    empty = Evidence({}, jobs.read_ns, jobs.watermark_ns)
    slis = [sli for one in objectives if counts_jobs(one) for sli in one.slis]
    tallies = tallies_of(slis, jobs.table, scores.table, end_ns=empty.end_ns)
    evidence = Evidence(tallies, jobs.read_ns, jobs.watermark_ns)
    found = list(known(objectives, evidence))
    return {
        "watermark_ns": jobs.watermark_ns,
        "objectives": [status_json(one) for one in found],
        "faults": {},
    }


def known(objectives: Sequence[Objective], evidence: Evidence) -> Iterator[SloStatus]:
    """Of what counts anything but jobs, nothing is known here: a gap."""
    for one in objectives:
        if counts_jobs(one):
            yield status(one, evidence)
        else:
            nothing = {sli: Tally() for sli in one.slis if isinstance(sli, Sli)}
            followed = {sli: Followed() for sli in one.slis if isinstance(sli, Asked)}
            unknown = replace(evidence, tallies=nothing, followed=followed)
            yield replace(status(one, unknown), state=State.GAP)


def counts_jobs(objective: Objective) -> bool:
    return all(isinstance(sli, Sli) and sli.relation is Relation.JOBS for sli in objective.slis)
