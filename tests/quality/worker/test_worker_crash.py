"""kill -9 of a quality worker: its clips become another one's, and none is scored twice."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from framegate.quality.metrics.definitions import DEFAULT_METRICS
from framegate.telemetry.client.collector_client import CollectorClient
from framegate.telemetry.sdk.sdk import start_telemetry
from tests.processes import Mortal, descendants, ended
from tests.quality.jobs import evaluations, file_server, finish_job
from tests.videos import moving_frames, write_video

CLIPS, LEASE_SECONDS = 12, 5


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("clips")
    write_video(folder / "reference.mp4", moving_frames(24, width=256, height=256))
    write_video(folder / "clip.mp4", moving_frames(24, width=256, height=256), crf="30")
    with file_server(folder) as url:
        yield url


def start_worker(url: str) -> "subprocess.Popen[bytes]":
    options = ("--collector", url, "--port", "0", "--lease-seconds", str(LEASE_SECONDS))
    return subprocess.Popen(
        [sys.executable, "-m", "framegate", "quality", "worker", *options],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def test_clips_of_killed_workers_are_scored_by_the_others_and_none_twice(
    mortal: Mortal, clips: str
) -> None:
    with CollectorClient(mortal.url) as client:
        telemetry = start_telemetry("test", endpoint=mortal.url)
        jobs = [f"j{number}" for number in range(CLIPS)]
        for job_id in jobs:
            finish_job(telemetry, job_id, f"{clips}/clip.mp4", f"{clips}/reference.mp4")
        telemetry.shutdown()
        workers = [start_worker(mortal.url) for _ in range(2)]
        try:
            wait_for_scored(client, 2)
            workers[0].kill()  # while it scores, or tells, or leases
            mortal.kill()
            mortal.start()
            workers.append(start_worker(mortal.url))
            wait_for_scored(client, 6)
            scorers = descendants(workers[1].pid)
            workers[1].kill()
            assert ended(scorers, timeout_seconds=20)
            wait_for_scored(client, CLIPS)
        finally:
            for worker in workers:
                worker.terminate()
                worker.wait(timeout=60)
        assert client.unscored_jobs() == []
        assert Counter(evaluations(client)) == dict.fromkeys(jobs, len(DEFAULT_METRICS))


def wait_for_scored(client: CollectorClient, count: int) -> None:
    """Wait until so many jobs have an evaluation."""
    commit = 0
    while len(set(evaluations(client))) < count:
        commit = client.wait_for_commit(commit, timeout_seconds=5)
