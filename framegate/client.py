"""The public client of a collector: jobs, scores, spans, outcomes and objectives as Python values.

    from framegate.client import CollectorClient

    with CollectorClient("http://127.0.0.1:4318") as client:
        for job in client.jobs(model="ref-1"):
            print(job.job_id, job.state, job.ttfp_seconds)

Times are Unix nanoseconds (``_ns``), durations seconds (``_seconds``), sizes bytes (``_bytes``);
None is a value that is not known or a thing that has not happened.
InputError: the request is wrong, or the token. CollectorUnavailableError: try again later.
"""

from framegate.telemetry.client.collector_client import (
    CollectorClient,
    CollectorUnavailableError,
    NoEngineError,
    QueryResult,
    records_from_table,
)
from framegate.telemetry.client.records import ClientOutcome, Job, Score, Span
from framegate.telemetry.platform.errors import InputError

__all__ = [
    "ClientOutcome",
    "CollectorClient",
    "CollectorUnavailableError",
    "InputError",
    "Job",
    "NoEngineError",
    "QueryResult",
    "Score",
    "Span",
    "records_from_table",
]
