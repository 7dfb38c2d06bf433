"""Indicators of jobs and of events."""

from typing import Any

from framegate.slo.counting.expressions import ValueKind, parse_expression
from framegate.slo.counting.relations import COLUMNS, FUNCTIONS, Relation
from framegate.slo.counting.sli import Sli
from framegate.telemetry.signals.names import EVENT_JOB_STATE
from tests.slo.job_events import METRIC, MINUTE


def truth(text: str, relation: Relation = Relation.JOBS) -> Any:
    return parse_expression(text, COLUMNS[relation], FUNCTIONS[relation], kind=ValueKind.TRUTH)


OPEN = "state IN ('queued', 'processing')"


SUCCESS = Sli(
    Relation.JOBS,
    total=truth("workload = 'interactive'"),
    good=truth("state = 'complete'"),
    pending=truth(OPEN),
    excluded=truth("state = 'cancelled'"),
    deadline_ns=10 * MINUTE,
    groups=("model",),
)


QUALITY = Sli(
    Relation.JOBS,
    total=truth("TRUE"),
    good=truth(f"score('{METRIC}') >= 0.85"),
    pending=truth(f"score('{METRIC}') IS NULL"),
    excluded=truth("state <> 'complete'"),
)


FINISHED = Sli(
    Relation.EVENTS,
    total=truth(f"name = '{EVENT_JOB_STATE}' AND state <> 'queued'", Relation.EVENTS),
    good=truth("attribute('video.tenant') = 'a' AND number('extra') > 1", Relation.EVENTS),
    groups=("tenant",),
)


SLIS = (SUCCESS, QUALITY, FINISHED)
