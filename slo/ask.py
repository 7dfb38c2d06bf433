"""The objectives' state from a running collector."""

import time
from collections.abc import Sequence

from slo.report import SloStatus, report
from slo.spec import Objective
from telemetry.client import CollectorClient, records
from telemetry.records import Job, Score


def judged(
    objectives: Sequence[Objective], collector_url: str | None
) -> tuple[tuple[SloStatus, ...], int | None]:
    """Every objective's status, and how new the newest data is."""
    now_ns = time.time_ns()
    since_ns = min(item.window.around(now_ns)[0] for item in objectives)
    with CollectorClient(collector_url) as client:
        # Scores first: a clip scored in between is then at worst not scored yet.
        scores = client.query("scores", since_ns=since_ns)
        jobs = client.query("jobs", since_ns=since_ns)
    statuses = report(
        objectives,
        records(Job, jobs.table),
        records(Score, scores.table),
        now_ns=jobs.read_ns,
        watermark_ns=jobs.watermark_ns,
    )
    return statuses, jobs.watermark_ns
