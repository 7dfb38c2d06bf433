"""The quality worker, between a real collector and a real file server."""

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from framegate.quality.metrics.definitions import DEFAULT_METRICS, WITHOUT_REFERENCE
from framegate.quality.scoring.pools import LocalPool, local_pool
from framegate.quality.scoring.sampling import LPIPS_EVERY
from framegate.quality.worker.drift_watch import DriftWatcher
from framegate.quality.worker.evaluations import EvaluationReporter
from framegate.quality.worker.service import ScorerService, application
from framegate.quality.worker.worker import (
    FULL_SCAN_INTERVAL_NS,
    LEASE_SECONDS,
    ScorerSettings,
    Worker,
)
from framegate.telemetry.client.collector_client import CollectorClient, CollectorUnavailableError
from framegate.telemetry.sdk.sdk import Telemetry, start_telemetry
from framegate.telemetry.server.leases import LEASES_FILE_NAME
from framegate.telemetry.signals import names
from framegate.telemetry.store.sampling import parse_sampling_rules
from tests.conftest import RunningCollector, serving
from tests.quality.jobs import evaluations, events, file_server, finish_job, scores_of
from tests.videos import moving_frames, write_video

SSIM = "ssim_wang_rgb_v1"


@pytest.fixture(scope="module")
def pool() -> Iterator[LocalPool]:
    with local_pool(1) as running:
        yield running


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a reference, a good clip, one that is cut short and one that is no video."""
    folder = tmp_path_factory.mktemp("clips")
    write_video(folder / "reference.mp4", moving_frames(24))
    write_video(folder / "good.mp4", moving_frames(24), crf="30")
    write_video(folder / "whole.mkv", moving_frames(24), crf="30")
    data = (folder / "whole.mkv").read_bytes()
    (folder / "cut.mkv").write_bytes(data[: len(data) * 2 // 3])
    (folder / "text.mp4").write_text("no video")
    with file_server(folder) as url:
        yield url


@pytest.fixture
def telemetry(collector: RunningCollector) -> Iterator[Telemetry]:
    started = start_telemetry("test", endpoint=collector.url)
    yield started
    started.shutdown()


@pytest.fixture
def worker(collector: RunningCollector, telemetry: Telemetry, pool: LocalPool) -> Worker:
    return Worker(collector.client, telemetry, pool)


def good_job(telemetry: Telemetry, clips: str, job_id: str = "j1") -> str:
    return finish_job(telemetry, job_id, f"{clips}/good.mp4", f"{clips}/reference.mp4")


def test_a_finished_clip_is_scored_in_its_jobs_trace(
    collector: RunningCollector, telemetry: Telemetry, worker: Worker, clips: str
) -> None:
    trace_id = good_job(telemetry, clips)
    worker.score_backlog()
    found = scores_of(collector.client, "j1")
    assert set(found) == set(DEFAULT_METRICS)
    ssim = found[SSIM]
    assert ssim.value is not None
    assert 0.3 < ssim.value < 1.0
    assert (ssim.model, ssim.prompt_id, ssim.seed, ssim.frames) == ("ref-1", "p1", 7, 24)
    assert ssim.trace_id == trace_id
    spans = {span.name: span for span in collector.client.spans(trace_id=trace_id)}
    assert spans[names.SPAN_SCORE].parent_span_id == spans[names.SPAN_JOB].span_id
    assert spans[names.SPAN_SCORE].duration_ns > 10_000_000
    assert collector.client.unscored_jobs() == []


@pytest.mark.parametrize(
    ("clip", "reason"),
    [
        ("{}/missing.mp4", "HTTP status 404"),
        ("{}/text.mp4", "not a readable video"),
        ("file:///etc/passwd", "local files are only read from the folder"),
        ("ftp://127.0.0.1/clip.mp4", "not an http(s) URL, a file, or below"),
        ("s3://bucket/clip.mp4", "not an http(s) URL, a file, or below"),
        ("http://127.0.0.1:1/clip.mp4", "refused"),
    ],
)
def test_a_clip_that_cannot_be_scored_counts_with_its_reason(
    collector: RunningCollector,
    telemetry: Telemetry,
    worker: Worker,
    clips: str,
    clip: str,
    reason: str,
) -> None:
    finish_job(telemetry, "j1", clip.format(clips), f"{clips}/reference.mp4")
    worker.score_backlog()
    found = scores_of(collector.client, "j1")
    assert set(found) == set(DEFAULT_METRICS)
    for score in found.values():
        assert score.value is None
        assert reason in str(score.reason)
    assert collector.client.unscored_jobs() == []


def test_a_clip_without_a_reference_is_scored_by_what_it_shows(
    collector: RunningCollector, telemetry: Telemetry, worker: Worker, clips: str
) -> None:
    finish_job(telemetry, "j1", f"{clips}/good.mp4", None)
    worker.score_backlog()
    found = scores_of(collector.client, "j1")
    assert set(found) == set(WITHOUT_REFERENCE)
    assert found["freeze_v1"].value == 0.0


def test_a_clip_that_is_cut_short_is_a_finding_and_its_metrics_say_why_they_have_no_value(
    collector: RunningCollector, telemetry: Telemetry, worker: Worker, clips: str
) -> None:
    trace_id = finish_job(telemetry, "j1", f"{clips}/cut.mkv", f"{clips}/reference.mp4")
    worker.score_backlog()
    told = events(collector.client, names.EVENT_FINDING)
    assert {event[names.JOB_ID] for event in told} == {"j1"}
    assert {event["trace_id"] for event in told} == {trace_id}
    assert "unpaired" in {event[names.FINDING] for event in told}
    found = scores_of(collector.client, "j1")
    assert "have a counterpart" in str(found[SSIM].reason)


def test_an_evaluation_says_how_its_metric_was_sampled(
    collector: RunningCollector, telemetry: Telemetry, worker: Worker, clips: str
) -> None:
    good_job(telemetry, clips)
    worker.score_backlog()
    found = events(collector.client, names.EVENT_EVALUATION)
    sampled = {one[names.EVALUATION_NAME]: one[names.EVALUATION_SAMPLED_EVERY] for one in found}
    assert sampled["lpips_alex_v0.1"] == LPIPS_EVERY
    assert sampled[SSIM] == 1


def test_a_scored_clip_says_what_it_delivers(
    collector: RunningCollector, telemetry: Telemetry, worker: Worker, clips: str
) -> None:
    good_job(telemetry, clips)
    finish_job(telemetry, "j2", f"{clips}/text.mp4", None)
    worker.score_backlog()
    (told,) = events(collector.client, names.EVENT_DELIVERY)
    assert told[names.JOB_ID] == "j1"
    assert (told[names.WIDTH], told[names.PIXEL_FORMAT]) == (64, "yuv444p")
    assert told[names.FRAMES] / told[names.FPS] == pytest.approx(told[names.DURATION])
    assert len(told[names.FRAMES_DIGEST]) >= 32
    assert (told[names.HAS_AUDIO], told[names.CLIP_FAULTS]) == (False, "")


def test_a_new_worker_scores_nothing_twice(
    collector: RunningCollector, telemetry: Telemetry, pool: LocalPool, clips: str
) -> None:
    good_job(telemetry, clips)
    for _ in range(2):
        Worker(collector.client, telemetry, pool).score_backlog()
    assert Counter(evaluations(collector.client)) == {"j1": len(DEFAULT_METRICS)}


def test_clips_outside_the_sample_are_left_alone(
    collector: RunningCollector, telemetry: Telemetry, pool: LocalPool, clips: str
) -> None:
    for job_id, workload in (("j1", "batch"), ("j2", "interactive")):
        finish_job(telemetry, job_id, f"{clips}/text.mp4", None, workload=workload)
    settings = ScorerSettings(samples=parse_sampling_rules(["interactive/ref-1=0"]))
    Worker(collector.client, telemetry, pool, settings).score_backlog()
    assert set(evaluations(collector.client)) == {"j1"}
    assert [job.job_id for job in collector.client.unscored_jobs()] == ["j2"]


def test_an_evaluation_that_got_lost_is_told_again_and_not_made_again(
    collector: RunningCollector, telemetry: Telemetry, worker: Worker, clips: str
) -> None:
    good_job(telemetry, clips)
    nowhere = start_telemetry("nowhere")  # exports to nobody, as if the collector had been away
    worker._reporter = EvaluationReporter(nowhere)
    with pytest.raises(CollectorUnavailableError, match="does not store"):
        worker.score_backlog()
    assert len(collector.client.unscored_jobs()) == 1
    worker._reporter = EvaluationReporter(telemetry)
    with pytest.raises(CollectorUnavailableError, match="does not store"):
        worker.poll()
    worker.poll()
    assert collector.client.unscored_jobs() == []
    scored = [span for span in collector.client.spans() if span.name == names.SPAN_SCORE]
    assert scored == []  # the one scoring was told to nobody
    nowhere.shutdown()


def test_two_workers_share_the_clips_and_score_none_twice(
    collector: RunningCollector, telemetry: Telemetry, pool: LocalPool, clips: str
) -> None:
    jobs = [f"j{number}" for number in range(8)]
    for job_id in jobs:
        good_job(telemetry, clips, job_id)
    workers = [Worker(collector.client, telemetry, pool) for _ in range(2)]
    threads = [threading.Thread(target=worker.score_backlog) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for worker in workers:
        worker.score_backlog()
    assert Counter(evaluations(collector.client)) == dict.fromkeys(jobs, len(DEFAULT_METRICS))


def test_what_was_told_hours_late_is_found_when_everything_is_looked_at(
    collector: RunningCollector, telemetry: Telemetry, worker: Worker, clips: str
) -> None:
    worker.score_backlog()
    hours_ago_ns = time.time_ns() - 3 * 3600 * 10**9
    finish_job(telemetry, "late", f"{clips}/text.mp4", None, at_ns=hours_ago_ns)
    finish_job(telemetry, "new", f"{clips}/text.mp4", None)
    worker.score_backlog()
    assert set(evaluations(collector.client)) == {"new"}
    worker._full_scan_ns -= FULL_SCAN_INTERVAL_NS
    worker.score_backlog()
    assert set(evaluations(collector.client)) == {"new", "late"}


def test_a_worker_that_slept_past_its_lease_lets_the_clip_go(
    collector: RunningCollector, telemetry: Telemetry, pool: LocalPool, clips: str, tmp_path: Path
) -> None:
    good_job(telemetry, clips)
    sleeper, other = (Worker(collector.client, telemetry, pool) for _ in range(2))
    sleeper.poll()
    (work,) = sleeper._leased_clips.values()
    work.outcome.result(timeout=60)
    with sqlite3.connect(
        tmp_path / "store" / LEASES_FILE_NAME
    ) as leases:  # as if so long had passed
        leases.execute("UPDATE leases SET until = until - ?", (LEASE_SECONDS,))
    other.poll()
    sleeper.poll()
    assert not sleeper._leased_clips
    assert evaluations(collector.client) == []
    other.score_backlog()
    sleeper.score_backlog()
    assert Counter(evaluations(collector.client)) == {"j1": len(DEFAULT_METRICS)}


def test_running_ends_when_told_to_and_gives_back_what_it_held(
    collector: RunningCollector, telemetry: Telemetry, worker: Worker, clips: str
) -> None:
    service = ScorerService(
        worker, DriftWatcher(collector.client, telemetry), start_telemetry("service")
    )
    with serving(application(service)) as url:
        good_job(telemetry, clips)
        commit = 0
        while not collector.client.scores():
            commit = collector.client.wait_for_commit(commit)
        assert httpx.get(f"{url}/healthz").status_code == 200
        assert httpx.get(f"{url}/readyz").status_code == 200
    assert not any(thread.is_alive() for thread in service._threads)
    good_job(telemetry, clips, "j2")
    Worker(collector.client, telemetry, worker._pool).score_backlog()
    assert set(evaluations(collector.client)) == {"j1", "j2"}


def test_a_worker_says_how_much_waits_and_how_long_it_has(
    collector: RunningCollector, pool: LocalPool, clips: str, telemetry: Telemetry
) -> None:
    own = start_telemetry("worker", endpoint=collector.url)
    worker = Worker(collector.client, own, pool)
    with serving(
        application(ScorerService(worker, DriftWatcher(collector.client, own), own))
    ) as url:
        until(url, backlog=0)
        good_job(telemetry, clips)
        first = until(url, backlog=1)
        assert 0 < first["video_quality_lag_seconds"] < 60
        last = until(url, backlog=0)
        assert last["video_quality_scoring"] == 0
        assert last["video_quality_clips_total"] == 1


def until(url: str, *, backlog: float) -> dict[str, float]:
    """A worker's metrics, as soon as so many clips wait."""
    while True:
        text = httpx.get(f"{url}/metrics").text
        lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
        found = {name.partition("{")[0]: float(value) for name, value, *_ in lines}
        if found.get("video_quality_backlog") == backlog:
            return found


def test_a_worker_whose_collector_is_away_is_not_ready_and_its_lag_grows(
    pool: LocalPool,
) -> None:
    with CollectorClient("http://127.0.0.1:1") as client:
        worker = Worker(client, start_telemetry("worker"), pool)
        assert worker.trouble is None
        worker._backlog.answered_ns -= 61 * 10**9
        with pytest.raises(CollectorUnavailableError):
            worker.poll()
        assert "no answer from the collector for 61 s" in str(worker.trouble)
        assert 61 <= worker._backlog.lag_seconds < 90


def test_without_a_collector_there_is_an_error_and_not_an_empty_list() -> None:
    with CollectorClient("http://127.0.0.1:1") as client, pytest.raises(CollectorUnavailableError):
        client.unscored_jobs()
