"""Scores that get worse over time are a change; scores that scatter are none."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import rankdata

from framegate.quality.worker.drift import (
    CLIPS_PER_FALSE_ALARM,
    DriftDetector,
    DriftMonitor,
    ScoreDrift,
    ScoreSeries,
    average_ranks,
)
from framegate.quality.worker.drift_watch import LEASE, DriftWatcher
from framegate.telemetry.client.collector_client import CollectorClient
from framegate.telemetry.client.records import Score
from framegate.telemetry.platform.access import Access, Scope, token_digest
from framegate.telemetry.sdk.sdk import Telemetry, start_telemetry
from framegate.telemetry.server.collector import Collector, application
from framegate.telemetry.signals import names
from tests.commands import CommandResult, run_command
from tests.conftest import RunningCollector, serving
from tests.quality.jobs import events
from tests.volume import draws_all, examples

SSIM, FLICKER = "ssim_wang_rgb_v1", "flicker_fr_v1"
SECOND = 10**9


Values = np.ndarray[Any, np.dtype[np.float64]]


def scored(number: int, value: float | None, metric: str = SSIM, run: object = 0) -> Score:
    return Score(
        job_id=f"{run}-{number}",
        trace_id="",
        scored_ns=number * SECOND,
        workload="batch",
        model="ref-1",
        prompt_id=None,
        seed=None,
        metric=metric,
        value=value,
        minimum=None,
        maximum=None,
        frames=1,
        reason=None,
    )


def first_change(
    values: Sequence[float], *, metric: str = SSIM, run: object = 0
) -> ScoreDrift | None:
    watched = DriftDetector(ScoreSeries("batch", "ref-1", metric))
    for number, value in enumerate(values):
        if change := watched.add(scored(number, value, metric, run)):
            return change
    return None


def worse(seed: int, *, usual: int, after: int, shift: float) -> Values:
    """Scores of mean 0 and deviation 1 that fall by ``shift`` after so many."""
    values = np.random.default_rng(seed).normal(size=usual + after)
    values[usual:] -= shift
    return values


@pytest.mark.parametrize(("shift", "median", "most"), [(1.0, 40, 90), (2.0, 15, 25), (3.0, 9, 15)])
def test_a_fall_is_found_soon_and_where_it_was(shift: float, median: int, most: int) -> None:
    delays, errors = [], []
    for seed in range(20):
        values = worse(seed, usual=200, after=400, shift=shift)
        change = first_change(list(values), run=seed)
        assert change
        delays.append(change.found_ns // SECOND - 199)
        errors.append(abs(change.since_ns // SECOND - 200))
        assert change.after < change.before
        assert change.clips_before + change.clips_after == change.found_ns // SECOND + 1
    assert min(delays) > 0  # none before it
    assert np.median(delays) < median
    assert max(delays) < most
    assert np.median(errors) <= 5


def test_a_slow_decay_is_found() -> None:
    values = np.random.default_rng(1).normal(size=1200) - 0.002 * np.arange(1200)
    change = first_change(list(values))
    assert change
    assert change.found_ns < 800 * SECOND


def steady(kind: str, random: np.random.Generator) -> Values:
    if kind == "normal":
        return random.normal(size=5_000)
    if kind == "heavy tails":
        return random.standard_cauchy(5_000)
    return random.integers(0, 3 if kind == "three values" else 1, 5_000).astype(float)


@pytest.mark.parametrize("kind", ["normal", "heavy tails", "three values", "one value"])
def test_without_a_change_alarms_are_rarer_than_said(kind: str) -> None:
    """Forty series of 5,000 scores: of 200,000 clips, at most some two alarms by the limit.

    More than 5 would come about less often than once in fifty; so would 2 of a tenth of them.
    """
    found = 0
    for seed in range(examples(40)):
        values = steady(kind, np.random.default_rng(seed))
        found += first_change(list(values), run=seed) is not None
    assert CLIPS_PER_FALSE_ALARM == 100_000
    assert found <= (5 if draws_all() else 1)


def test_getting_better_is_no_alarm_and_lower_is_better_for_flicker() -> None:
    rising = -worse(0, usual=200, after=200, shift=3.0)
    assert first_change(list(rising)) is None
    assert first_change(list(rising), metric=FLICKER)


def test_after_a_change_the_new_level_is_usual_and_a_further_fall_is_found() -> None:
    random = np.random.default_rng(5)
    values = np.concatenate([random.normal(size=200) - level for level in (0, 3, 3, 3, 6)])
    watch = DriftMonitor()
    changes = watch.add(scored(number, value) for number, value in enumerate(values))
    assert [round(change.since_ns / SECOND, -1) for change in changes] == [200, 800]
    assert 2 < changes[1].before - changes[1].after < 4


def test_the_same_scores_give_the_same_changes() -> None:
    values = np.round(worse(3, usual=100, after=100, shift=2.0))
    assert first_change(list(values)) == first_change(list(values))


def test_scores_without_a_value_or_of_an_unknown_metric_are_no_news() -> None:
    watch = DriftMonitor()
    assert watch.add([scored(1, None), scored(2, 0.5, "mine")]) == []
    assert not watch.detectors


@pytest.fixture
def telemetry(collector: RunningCollector) -> Iterator[Telemetry]:
    started = start_telemetry("test", endpoint=collector.url)
    yield started
    started.shutdown()


def tell(telemetry: Telemetry, values: Values, *, start: int = 0) -> None:
    """Evaluations a second apart, the last of all of them a few minutes ago."""
    first_ns = time.time_ns() - 1_000 * SECOND
    for number, value in enumerate(values, start):
        telemetry.event(
            names.EVENT_EVALUATION,
            {
                names.JOB_ID: f"job-{number}",
                names.WORKLOAD: "batch",
                names.MODEL: "ref-1",
                names.EVALUATION_NAME: SSIM,
                names.EVALUATION_VALUE: float(value),
            },
            timestamp_ns=first_ns + number * SECOND,
        )
    telemetry.flush()


def test_a_change_is_an_event_once_whoever_watches(
    collector: RunningCollector, telemetry: Telemetry
) -> None:
    values = 0.8 + 0.05 * worse(0, usual=150, after=60, shift=3.0)
    first, second = (DriftWatcher(collector.client, telemetry) for _ in range(2))
    tell(telemetry, values[:150])
    assert first.poll() == []
    assert second.poll() == []
    tell(telemetry, values[150:], start=150)
    (change,) = first.poll()
    assert second.poll() == []  # it does not watch
    assert first.poll() == []
    first.close()
    assert second.poll() == []  # it watches, and finds what is known
    assert LEASE in collector.client.lease(second._holder, [LEASE], seconds=1)
    (event,) = events(collector.client, names.EVENT_DRIFT)
    assert event[names.DRIFT_SINCE] == change.since_ns
    assert 0.75 < event[names.DRIFT_BEFORE] < 0.85
    assert 0.6 < event[names.DRIFT_AFTER] < 0.7
    severe = collector.client.query("logs", severity=13).table.column("name").to_pylist()
    assert severe == [names.EVENT_DRIFT]


def test_a_watcher_that_cannot_watch_says_why(
    collector: RunningCollector, telemetry: Telemetry, tmp_path: Path
) -> None:
    access = Access({token_digest("t" * 16): frozenset(Scope)})
    with (
        serving(application(Collector(tmp_path / "guarded", access=access))) as url,
        CollectorClient(url) as client,
    ):
        watcher = DriftWatcher(client, telemetry)
        watcher.try_poll()
        assert "drift detection is not running: the collector at" in str(watcher.trouble)
    watcher._client = collector.client
    watcher.try_poll()
    assert watcher.trouble is None


def drift(url: str, *options: str) -> CommandResult:
    return run_command("quality", "drift", "--collector", url, *options)


def test_the_command_says_what_got_worse_and_ends_accordingly(
    collector: RunningCollector, telemetry: Telemetry
) -> None:
    assert drift(collector.url).exit_code == 3
    values = 0.8 + 0.05 * worse(0, usual=150, after=60, shift=3.0)
    tell(telemetry, values[:150])
    steady = drift(collector.url)
    assert steady.exit_code == 0
    assert " 150 " in steady.stdout
    tell(telemetry, values[150:], start=150)
    found = drift(collector.url)
    assert found.exit_code == 1
    assert SSIM in found.stdout
    assert max(map(len, found.stdout.splitlines())) <= 80
    (series,) = json.loads(drift(collector.url, "--json").stdout)
    assert [change["job_id"] for change in series["changes"]] == ["job-150"]


def test_ranks_are_scipys() -> None:
    random = np.random.default_rng(7)
    for size in (1, 2, 40):
        values = random.integers(0, 12, size) / 4.0  # many are equal
        assert average_ranks(values).tolist() == rankdata(values).tolist()
