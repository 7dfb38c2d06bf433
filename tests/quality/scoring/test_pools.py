"""Clips in other processes and on a Ray cluster: the same scores; crashes cost one clip."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
import ray
from ray.cluster_utils import Cluster

from framegate.quality.scoring.pools import Pool, local_pool, outcomes_in_order, ray_cluster
from framegate.quality.scoring.task import Outcome, ScoringTask, perform_task
from framegate.telemetry.platform.errors import InputError
from tests.processes import descendants, ended
from tests.videos import moving_frames, write_video

METRICS = ("ssim_wang_rgb_v1", "flicker_fr_v1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    write_video(folder / "reference.mp4", moving_frames(8))
    for crf in ("20", "30", "40"):
        write_video(folder / f"{crf}.mp4", moving_frames(8), crf=crf)
    (folder / "text.mp4").write_text("no video")
    # Flow is computed between all of them: some seconds.
    write_video(folder / "long.mp4", moving_frames(80, width=640, height=360))
    return folder


@pytest.fixture(scope="module")
def tasks(folder: Path) -> list[ScoringTask]:
    clips = ("20", "text", "30", "40", "missing")
    return [task(folder, clip) for clip in clips]


def task(folder: Path, clip: str) -> ScoringTask:
    return ScoringTask(str(folder / f"{clip}.mp4"), str(folder / "reference.mp4"), METRICS)


def long_task(folder: Path) -> ScoringTask:
    return ScoringTask(str(folder / "long.mp4"), no_reference_metrics=("flicker_nr_v1",))


@pytest.fixture(scope="module")
def expected(tasks: list[ScoringTask]) -> list[Outcome]:
    return [perform_task(task) for task in tasks]


def same(
    found: list[tuple[ScoringTask, Outcome]], tasks: list[ScoringTask], expected: list[Outcome]
) -> bool:
    assert [task for task, _ in found] == tasks
    for (_, outcome), other in zip(found, expected, strict=True):
        assert outcome.reason == other.reason
        assert outcome.score == other.score
    return any(outcome.score for _, outcome in found)


def test_other_processes_give_the_same_scores_in_order(
    tasks: list[ScoringTask], expected: list[Outcome]
) -> None:
    with local_pool(2) as pool:
        found = list(outcomes_in_order(pool, iter(tasks * 2)))
    assert same(found, tasks * 2, expected * 2)


class Counting:
    """A pool that counts what waits in it."""

    def __init__(self, pool: Pool) -> None:
        self.size = pool.size
        self.most = self.now = 0
        self._pool, self._lock = pool, threading.Lock()

    def submit(self, task: ScoringTask) -> "Future[Outcome]":
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        done = self._pool.submit(task)
        done.add_done_callback(self._less)
        return done

    def _less(self, _: "Future[Outcome]") -> None:
        with self._lock:
            self.now -= 1


def test_few_tasks_wait_however_many_there_are(folder: Path) -> None:
    with local_pool(2) as pool:
        counting = Counting(pool)
        found = list(outcomes_in_order(counting, iter([task(folder, "text")] * 50)))
    assert len(found) == 50
    assert counting.most <= 4


def test_a_scorer_that_is_killed_costs_its_clip_and_the_next_one_is_scored(folder: Path) -> None:
    others = scorers(os.getpid())  # what other tests of this process share
    with local_pool(1) as pool:
        pool.submit(task(folder, "20")).result(timeout=120)
        (scorer,) = set(scorers(os.getpid())) - set(others)
        working = pool.submit(long_task(folder))
        while not busy(scorer):
            pass
        os.kill(scorer, signal.SIGKILL)
        assert "exited with code" in str(working.result(timeout=120).reason)
        assert pool.submit(task(folder, "20")).result(timeout=120).score


def scorers(pid: int) -> list[int]:
    """The processes that score for one: its grandchildren, below Python's fork server."""
    return [found for child in descendants(pid) for found in descendants(child)]


def busy(pid: int, *, ticks: int = 20) -> bool:
    """Whether a process has used so much processor time since it was first asked."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    used = int(fields[11]) + int(fields[12])
    return used - SEEN.setdefault(pid, used) > ticks


SEEN: dict[int, int] = {}


def test_a_clip_that_takes_too_long_is_given_up(folder: Path) -> None:
    with local_pool(1, seconds=20) as pool:
        assert pool.submit(task(folder, "20")).result(timeout=120).score
    with local_pool(1, seconds=0.5) as pool:
        assert "took longer than 0.5 s" in str(
            pool.submit(long_task(folder)).result(timeout=120).reason
        )


PARENT = """
import sys
from framegate.quality.scoring.pools import local_pool
from framegate.quality.scoring.task import ScoringTask
task = ScoringTask(sys.argv[1], no_reference_metrics=("flicker_nr_v1",))
with local_pool(2) as pool:
    waiting = [pool.submit(task) for _ in range(2)]
    print("working", flush=True)
    [one.result() for one in waiting]
"""


def test_scorers_end_with_a_parent_that_is_killed(folder: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder / "long.mp4")], stdout=subprocess.PIPE
    )
    assert parent.stdout
    assert parent.stdout.readline() == b"working\n"
    while len(scorers(parent.pid)) < 2:
        pass
    children = scorers(parent.pid)
    while not all(busy(child, ticks=20) for child in children):
        pass
    below = descendants(parent.pid)  # the fork server, too
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert ended(below, timeout_seconds=10)


# Scorers import the starter's program first. These are slow to do so, and to end.
SLOW_TO_START = """\
import os, signal, sys, time
from pathlib import Path
from framegate.quality.scoring.pools import local_pool
from framegate.quality.scoring.task import ScoringTask

starting = Path(sys.argv[1])
if __name__ == "__main__":
    with local_pool(2) as pool:
        pool.submit(ScoringTask("missing.mp4", no_reference_metrics=("freeze_v1",)))
        while len(list(starting.iterdir())) < 2:
            pass
else:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    (starting / str(os.getpid())).touch()
    time.sleep(1)
"""


def test_a_pool_that_ends_while_scorers_start_prints_nothing(tmp_path: Path) -> None:
    (tmp_path / "starting").mkdir()
    (tmp_path / "starter.py").write_text(SLOW_TO_START)
    command = [sys.executable, str(tmp_path / "starter.py"), str(tmp_path / "starting")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert done.stderr == ""


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[str]:
    """The address of a Ray cluster of two nodes with a processor each."""
    node = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args=node | {"include_dashboard": False})
    cluster.add_node(**node)
    yield cluster.address
    cluster.shutdown()


def test_a_ray_cluster_gives_the_same_scores_in_order(
    two_nodes: str, tasks: list[ScoringTask], expected: list[Outcome]
) -> None:
    assert two_nodes.startswith("127.0.0.1:")
    with ray_cluster(two_nodes) as pool:
        assert pool.size == 2
        assert sum(node["Alive"] for node in ray.nodes()) == 2
        found = list(outcomes_in_order(pool, iter(tasks * 2)))
    assert same(found, tasks * 2, expected * 2)


def test_a_clip_that_takes_too_long_on_ray_is_given_up(two_nodes: str, folder: Path) -> None:
    with ray_cluster(two_nodes, seconds=1) as pool:
        assert "took longer than 1 s" in str(
            pool.submit(long_task(folder)).result(timeout=120).reason
        )
    with ray_cluster(two_nodes) as pool:
        assert pool.submit(task(folder, "20")).result(timeout=120).score


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "127.0.0.1:x"])
def test_without_a_cluster_there_is_an_error(address: str) -> None:
    with pytest.raises(InputError, match=f"ray {address}: "), ray_cluster(address):
        pass
