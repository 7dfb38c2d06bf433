"""A file server with clips, and jobs that made them."""

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from framegate.telemetry.client.collector_client import CollectorClient, records_from_table
from framegate.telemetry.client.records import Score
from framegate.telemetry.sdk.sdk import Telemetry
from framegate.telemetry.signals import names
from framegate.telemetry.signals.names import JobState


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def file_server(folder: Path) -> Iterator[str]:
    """The URL of a folder's files."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def finish_job(
    telemetry: Telemetry,
    job_id: str,
    clip: str,
    reference: str | None,
    *,
    workload: str = "batch",
    at_ns: int | None = None,
) -> str:
    """Tell of a complete job; returns its trace id."""
    with telemetry.tracer.start_as_current_span(names.SPAN_JOB) as span:
        telemetry.event(
            names.EVENT_JOB_STATE,
            {
                names.JOB_ID: job_id,
                names.JOB_STATE: JobState.COMPLETE.value,
                names.WORKLOAD: workload,
                names.MODEL: "ref-1",
                names.PROMPT_ID: "p1",
                names.SEED: 7,
                names.CLIP_URL: clip,
                **({names.REFERENCE_URL: reference} if reference else {}),
            },
            timestamp_ns=at_ns,
        )
        trace_id = f"{span.get_span_context().trace_id:032x}"
    telemetry.flush()
    return trace_id


def evaluations(client: CollectorClient) -> list[str]:
    """The job id of every evaluation that the collector ever took, again and again if so."""
    return [str(told[names.JOB_ID]) for told in events(client, names.EVENT_EVALUATION)]


def events(client: CollectorClient, name: str) -> list[dict[str, Any]]:
    """The attributes of every such event, with its trace id."""
    rows = client.query("logs", name=name).table.to_pylist()
    return [json.loads(row["attributes_json"]) | {"trace_id": row["trace_id"]} for row in rows]


def scores_of(client: CollectorClient, job_id: str) -> dict[str, Score]:
    table = client.query("scores", job_id=job_id).table
    return {score.metric: score for score in records_from_table(Score, table)}
