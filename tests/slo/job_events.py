"""Events of jobs as rows of a store."""

import hashlib
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from framegate.telemetry.otlp.bodies import Signal
from framegate.telemetry.otlp.rows import EVENT_SCHEMA, DecodedRows
from framegate.telemetry.signals.names import EVENT_EVALUATION, EVENT_JOB_STATE
from framegate.telemetry.store.store import Store

SECOND, MINUTE, DAY = 10**9, 60 * 10**9, 86_400 * 10**9


START = 1_790_000_040_000_000_000  # a whole minute


METRIC = "ssim_wang_rgb_v1"


def event(job: str, state: str, at: int, **columns: object) -> dict[str, Any]:
    return {
        "event_time": at,
        "observed_time": at,
        "trace_id": "t",
        "service": "generator",
        "name": EVENT_JOB_STATE,
        "severity": 9,
        "job_id": job,
        "state": state,
        "workload": "interactive",
        "model": "m1",
        "tenant": "a",
        "attributes": '{"video.tenant": "a", "extra": 2}',
        "origin_id": 1,
    } | columns


def scored(job: str, value: float | None, at: int) -> dict[str, Any]:
    named = {"name": EVENT_EVALUATION, "state": None, "metric": METRIC, "value": value}
    return event(job, "", at) | named


def send(store: Store, rows: Sequence[dict[str, Any]]) -> None:
    digest = hashlib.sha256(repr(rows).encode()).digest()
    store.append(
        Signal.LOGS, DecodedRows(pa.Table.from_pylist(rows, schema=EVENT_SCHEMA)), digest=digest
    ).result(timeout=30)
