"""Waiting for scores: given up only when the scorer is idle."""

from itertools import count

import pytest

from framegate.local.demo_suite import wait_for_scores
from framegate.telemetry.client.collector_client import CollectorClient
from tests.conftest import RunningCollector

IDLE_SECONDS = 0.05


def test_an_idle_scorer_is_not_waited_for(collector: RunningCollector) -> None:
    told: list[int] = []
    with (
        CollectorClient(collector.url) as client,
        pytest.raises(TimeoutError, match="0 of 1 clips scored, none in the last 0 s"),
    ):
        wait_for_scores(client, {"job"}, tell=told.append, idle_seconds=IDLE_SECONDS)
    assert set(told) == {0}


def test_a_scorer_that_works_is_waited_for(collector: RunningCollector) -> None:
    rounds = count()

    def processor_seconds() -> float:
        """A scorer that works for 20 rounds, then stops."""
        return float(min(next(rounds), 20))

    with CollectorClient(collector.url) as client, pytest.raises(TimeoutError):
        wait_for_scores(
            client,
            {"job"},
            tell=lambda _: None,
            processor_seconds=processor_seconds,
            idle_seconds=IDLE_SECONDS,
        )
    assert next(rounds) > 20
