"""The events of a job, as OTLP logs in a store."""

import hashlib
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from framegate.telemetry.otlp import bodies
from framegate.telemetry.otlp.bodies import Signal
from framegate.telemetry.otlp.rows import DecodedRows
from framegate.telemetry.signals import names
from framegate.telemetry.store.store import Store

SECOND = 10**9


QUEUED = {names.JOB_ID: "j1", names.JOB_STATE: "queued", names.WORKLOAD: "batch"}


Event = tuple[int, str, dict[str, Any]]


def logs(*events: Event) -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    for time_ns, name, attributes in events:
        record = scope.log_records.add(time_unix_nano=time_ns, event_name=name)
        for key, value in attributes.items():
            kind = {str: "string_value", int: "int_value", float: "double_value"}[type(value)]
            setattr(record.attributes.add(key=key).value, kind, value)
    return request


def keep(store: Store, *events: Event) -> int:
    digest = hashlib.sha256(str(events).encode()).digest()
    return store.append(Signal.LOGS, rows(*events), digest=digest).result(timeout=20)


def rows(*events: Event) -> DecodedRows:
    return bodies.decode_request(
        Signal.LOGS, logs(*events).SerializeToString(), bodies.PROTOBUF
    ).rows


JOB_STORY: tuple[Event, ...] = (
    (1 * SECOND, names.EVENT_JOB_STATE, QUEUED),
    (2 * SECOND, names.EVENT_JOB_STATE, QUEUED | {names.JOB_STATE: "processing"}),
    (
        3 * SECOND,
        names.EVENT_FIRST_PLAYABLE,
        QUEUED | {names.JOB_STATE: "processing", names.TIME_TO_FIRST_PLAYABLE: 2.0},
    ),
    (
        4 * SECOND,
        names.EVENT_JOB_STATE,
        QUEUED | {names.JOB_STATE: "complete", names.CLIP_URL: "http://127.0.0.1/clip"},
    ),
)
